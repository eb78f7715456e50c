# SPDX-License-Identifier: Apache-2.0
# `cmake --build BUILD --target format` and `--target tidy`, for those who have the tools.

file(GLOB_RECURSE developer_sources CONFIGURE_DEPENDS include/*.hpp src/*.hpp src/*.cpp tests/*.hpp tests/*.cpp
     examples/*.hpp examples/*.cpp bindings/*.hpp bindings/*.cpp)

find_program(DUNNAGE_CLANG_FORMAT NAMES clang-format)
mark_as_advanced(DUNNAGE_CLANG_FORMAT)
if(DUNNAGE_CLANG_FORMAT)
  add_custom_target(format COMMAND ${DUNNAGE_CLANG_FORMAT} -i ${developer_sources} COMMENT "Formatting the sources")
endif()

find_program(DUNNAGE_RUN_CLANG_TIDY NAMES run-clang-tidy)
mark_as_advanced(DUNNAGE_RUN_CLANG_TIDY)
if(DUNNAGE_RUN_CLANG_TIDY AND CMAKE_EXPORT_COMPILE_COMMANDS)
  add_custom_target(tidy COMMAND ${DUNNAGE_RUN_CLANG_TIDY} -quiet -p ${PROJECT_BINARY_DIR} "${PROJECT_SOURCE_DIR}/src/.*"
                    USES_TERMINAL COMMENT "Looking for what clang-tidy complains about")
endif()
