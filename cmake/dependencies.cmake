# SPDX-License-Identifier: Apache-2.0
# What the library itself needs. Tests, examples and benchmarks look for their own. cmake/install_packages.sh has the
# names of the distribution's packages.

# Boost.Process v2 appeared in 1.80; it is used header-only.
find_package(Boost 1.80 CONFIG REQUIRED COMPONENTS filesystem)
find_package(fmt REQUIRED)
find_package(nlohmann_json 3.2 REQUIRED)
find_package(Microsoft.GSL REQUIRED)
find_package(Threads REQUIRED)
# Reads the archives images come in; its writer to disk is not used.
find_package(LibArchive 3.6 REQUIRED)
# Digests.
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
# Numbers of system calls.
if(NOT TARGET Seccomp::seccomp)
  find_path(SECCOMP_INCLUDE_DIR seccomp.h REQUIRED)
  find_library(SECCOMP_LIBRARY seccomp REQUIRED)
  mark_as_advanced(SECCOMP_INCLUDE_DIR SECCOMP_LIBRARY)
  add_library(Seccomp::seccomp INTERFACE IMPORTED)
  target_include_directories(Seccomp::seccomp INTERFACE "${SECCOMP_INCLUDE_DIR}")
  target_link_libraries(Seccomp::seccomp INTERFACE "${SECCOMP_LIBRARY}")
endif()
# Version 0.8 named its target yaml-cpp::yaml-cpp.
find_package(yaml-cpp REQUIRED)
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp INTERFACE IMPORTED)
  target_link_libraries(yaml-cpp::yaml-cpp INTERFACE yaml-cpp)
endif()
