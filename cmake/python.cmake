# SPDX-License-Identifier: Apache-2.0
# Sets DUNNAGE_PYTHON_FOUND: whether bindings/python can be built. DUNNAGE_BUILD_PYTHON=ON insists, AUTO takes what is
# there.

set(DUNNAGE_PYTHON_FOUND FALSE)
if(DUNNAGE_SANITIZE)
  # An interpreter that was not built under a sanitizer cannot load a module that was.
  message(STATUS "The Python package is left out under sanitizers")
  return()
endif()

# The distribution's interpreter is the one whose headers and pytest its packages bring; a virtual environment is meant.
if(NOT DEFINED Python_EXECUTABLE AND NOT DEFINED ENV{VIRTUAL_ENV} AND EXISTS /usr/bin/python3)
  set(Python_EXECUTABLE /usr/bin/python3)
endif()
find_package(Python 3.9 QUIET COMPONENTS Interpreter Development.Module)
if(Python_FOUND)
  find_package(pybind11 2.10 CONFIG QUIET)
endif()

if(Python_FOUND AND pybind11_FOUND)
  set(DUNNAGE_PYTHON_FOUND TRUE)
  set(packages site-packages)
  if(Python_SITEARCH MATCHES "/dist-packages$")  # Debian's own
    set(packages dist-packages)
  endif()
  set(DUNNAGE_PYTHON_INSTALL_DIR lib/python${Python_VERSION_MAJOR}.${Python_VERSION_MINOR}/${packages}
      CACHE STRING "Where the component dunnage_python is installed, below the prefix")
  return()
endif()

set(missing "")
if(NOT Python_FOUND)
  list(APPEND missing "Python 3.9 with its headers (python3-dev)")
endif()
if(NOT pybind11_FOUND)
  list(APPEND missing "pybind11 2.10 (pybind11-dev)")
endif()
list(JOIN missing " and " missing)
if(DUNNAGE_BUILD_PYTHON STREQUAL "AUTO")
  message(STATUS "The Python package is left out; it needs ${missing}")
else()
  message(FATAL_ERROR "The Python package needs ${missing}; set DUNNAGE_BUILD_PYTHON=OFF to do without it")
endif()
