# SPDX-License-Identifier: Apache-2.0
# Headers, libraries, the CMake package and the pkg-config file.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/dunnage)

install(DIRECTORY include/dunnage DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dunnage_development
        FILES_MATCHING PATTERN "*.hpp")
install(FILES ${PROJECT_BINARY_DIR}/include/dunnage/version.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dunnage
        COMPONENT dunnage_development)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT dunnage_development)

# dunnage_install_library(TARGET FILE): the library, and FILE.cmake which describes it. Two files, because a program
# that links the shared library needs none of what the static one needs.
function(dunnage_install_library target file)
  install(TARGETS ${target} EXPORT ${file}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dunnage_runtime
                  NAMELINK_COMPONENT dunnage_development
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dunnage_development)
  install(EXPORT ${file} NAMESPACE dunnage:: DESTINATION ${package_dir} COMPONENT dunnage_development)
endfunction()

dunnage_install_library(dunnage dunnageTargets)
if(TARGET dunnage_static)
  get_target_property(alias_of dunnage::dunnage_static ALIASED_TARGET)
  if(alias_of STREQUAL "dunnage_static")
    dunnage_install_library(dunnage_static dunnageStaticTargets)
  endif()
endif()

get_target_property(DUNNAGE_TYPE dunnage TYPE)
configure_package_config_file(cmake/dunnageConfig.cmake.in ${PROJECT_BINARY_DIR}/dunnageConfig.cmake
                              INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# While the major version is 0, a minor version may break.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/dunnageConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/dunnageConfig.cmake ${PROJECT_BINARY_DIR}/dunnageConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT dunnage_development)

# pkg-config: relative to the place of the file, so that the tree may be moved or staged.
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(DUNNAGE_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
else()
  cmake_path(SET root NORMALIZE "/prefix")
  cmake_path(RELATIVE_PATH root BASE_DIRECTORY "/prefix/${pkgconfig_dir}" OUTPUT_VARIABLE up)
  set(DUNNAGE_PC_PREFIX "\${pcfiledir}/${up}")
endif()
foreach(dir IN ITEMS LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    set(DUNNAGE_PC_${dir} "${CMAKE_INSTALL_${dir}}")
  else()
    set(DUNNAGE_PC_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
# libarchive by its name: its own .pc file asks for libraries that only a static libarchive needs, and Debian does not
# install them along with it.
set(DUNNAGE_PC_REQUIRES "")
set(DUNNAGE_PC_LIBS "")
if(DUNNAGE_TYPE STREQUAL "STATIC_LIBRARY")
  set(DUNNAGE_PC_REQUIRES "Requires: fmt yaml-cpp libcrypto\n")
  set(DUNNAGE_PC_LIBS " -larchive -lseccomp -lboost_filesystem -lboost_atomic -pthread")
else()
  set(DUNNAGE_PC_REQUIRES "Requires.private: fmt yaml-cpp libcrypto\n")
endif()
configure_file(cmake/dunnage.pc.in ${PROJECT_BINARY_DIR}/dunnage.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/dunnage.pc DESTINATION ${pkgconfig_dir} COMPONENT dunnage_development)
