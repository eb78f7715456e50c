# SPDX-License-Identifier: Apache-2.0
# The launcher program: a static executable without a C library, embedded into the library as bytes.
# dunnage_launcher_program is the program, dunnage_launcher_embedding the object with its bytes.

file(GLOB launcher_program_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/launcher/program/*.cpp")
set(launcher_program_path "${CMAKE_CURRENT_BINARY_DIR}/launcher/dunnage_launcher_program")

add_executable(dunnage_launcher_program ${launcher_program_sources})
set_target_properties(
  dunnage_launcher_program
  PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE OFF
             INTERPROCEDURAL_OPTIMIZATION OFF UNITY_BUILD OFF
             RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/launcher$<0:>")
target_include_directories(dunnage_launcher_program PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
# These come after CMAKE_CXX_FLAGS and take back what hardened, instrumented or link-time-optimised builds put there:
# nothing of that can run before there is a C library.
target_compile_options(
  dunnage_launcher_program
  PRIVATE -Wall -Wextra -Wpedantic -O2 -U_FORTIFY_SOURCE -ffreestanding -fno-exceptions -fno-rtti -fno-stack-protector
          -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-threadsafe-statics -fno-pie -fno-pic -fno-lto
          -fno-sanitize=all -fcf-protection=none -ffunction-sections -fdata-sections
          # GCC would turn the loop inside our memset into a call of memset.
          $<$<CXX_COMPILER_ID:GNU>:-fno-tree-loop-distribute-patterns>)
if(DUNNAGE_WERROR)
  target_compile_options(dunnage_launcher_program PRIVATE -Werror)
endif()
target_link_options(
  dunnage_launcher_program PRIVATE -nostdlib -static -fno-lto -fno-sanitize=all -Wl,--gc-sections
  -Wl,-z,noexecstack -Wl,--build-id=none -Wl,-s)

add_library(dunnage_launcher_embedding OBJECT ${CMAKE_CURRENT_SOURCE_DIR}/launcher/program.S)
add_dependencies(dunnage_launcher_embedding dunnage_launcher_program)
set_source_files_properties(
  ${CMAKE_CURRENT_SOURCE_DIR}/launcher/program.S
  PROPERTIES OBJECT_DEPENDS "${launcher_program_path}"
             COMPILE_DEFINITIONS "DUNNAGE_LAUNCHER_PROGRAM=\"${launcher_program_path}\"")
