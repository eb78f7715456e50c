// SPDX-License-Identifier: Apache-2.0
// default.json as bytes between two symbols: extern "C" const char dunnage_seccomp_default_begin[].

        .section .rodata
        .hidden dunnage_seccomp_default_begin
        .global dunnage_seccomp_default_begin
        .type dunnage_seccomp_default_begin, %object
dunnage_seccomp_default_begin:
        .incbin DUNNAGE_SECCOMP_DEFAULT
        .hidden dunnage_seccomp_default_end
        .global dunnage_seccomp_default_end
        .type dunnage_seccomp_default_end, %object
dunnage_seccomp_default_end:
        .byte 0

        .section .note.GNU-stack, "", %progbits
