// SPDX-License-Identifier: Apache-2.0
// The launcher program as bytes between two symbols: extern "C" const unsigned char dunnage_launcher_program_begin[].

        .section .rodata
        .balign 16
        .hidden dunnage_launcher_program_begin
        .global dunnage_launcher_program_begin
        .type dunnage_launcher_program_begin, %object
dunnage_launcher_program_begin:
        .incbin DUNNAGE_LAUNCHER_PROGRAM
        .hidden dunnage_launcher_program_end
        .global dunnage_launcher_program_end
        .type dunnage_launcher_program_end, %object
dunnage_launcher_program_end:
        .byte 0

        .section .note.GNU-stack, "", %progbits
