# SPDX-License-Identifier: Apache-2.0
# Run by ctest, not by the build: one entry per test case. Only at this time is it known who runs the tests, and that
# decides how the rootless ring runs: an ordinary user runs it as oneself, root as two ordinary users made for it (one
# who has a range of ids in /etc/subuid, one who has not). Of the other rings, which are run by whoever runs the tests, what
# is tagged [single-too] is run by root as the second of them as well. Expects: ring, executable, support_dir, timeout,
# options.

if(NOT EXISTS "${executable}")
  add_test("${ring}: the test program has been built" "${CMAKE_COMMAND}" -E false)
  set_tests_properties("${ring}: the test program has been built" PROPERTIES LABELS "${ring}")
  return()
endif()

# dunnage_add_case(NAME PREFIX WRAPPER...): one test case as one ctest entry.
function(dunnage_add_case name prefix)
  # In a test specification a comma separates, brackets are tags and quotes quote.
  string(REGEX REPLACE "([\\\\,\"[]|])" "\\\\\\1" pattern "${name}")
  add_test("${prefix}: ${name}" ${ARGN} "${executable}" "${pattern}")
  set_tests_properties("${prefix}: ${name}" PROPERTIES LABELS "${ring}" SKIP_RETURN_CODE 77 TIMEOUT "${timeout}"
                                                       ENVIRONMENT "${environment}")
endfunction()

# Catch2 v2 returns the number of the tests it lists; v3 wants another option.
if(catch2_version GREATER_EQUAL 3)
  set(list_options --list-tests --verbosity quiet)
else()
  set(list_options --list-test-names-only)
endif()
execute_process(COMMAND "${executable}" ${list_options} OUTPUT_VARIABLE names ERROR_VARIABLE complaint
                RESULT_VARIABLE result)
if(NOT result MATCHES "^[0-9]+$" OR names STREQUAL "")
  message(SEND_ERROR "${executable} does not list its tests: ${result} ${complaint}")
  return()
endif()
execute_process(COMMAND id -u OUTPUT_VARIABLE user_id OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND "${executable}" ${list_options} "[one-user]" OUTPUT_VARIABLE one_user_names)
string(REGEX REPLACE "\n *" "\n" one_user_names "\n${one_user_names}")
execute_process(COMMAND "${executable}" ${list_options} "[single-too]" OUTPUT_VARIABLE single_too_names)
string(REGEX REPLACE "\n *" "\n" single_too_names "\n${single_too_names}")

# Line by line: a name may hold what CMake takes for a list.
while(NOT names STREQUAL "")
  string(FIND "${names}" "\n" end)
  if(end EQUAL -1)
    set(name "${names}")
    set(names "")
  else()
    string(SUBSTRING "${names}" 0 ${end} name)
    math(EXPR rest "${end} + 1")
    string(SUBSTRING "${names}" ${rest} -1 names)
  endif()
  string(STRIP "${name}" name)
  if(name STREQUAL "")
    continue()
  endif()
  if(ring STREQUAL "rootless" AND user_id EQUAL 0)
    # What takes long and has nothing to do with how many ids a user has: one of the two tests it.
    string(FIND "${one_user_names}" "\n${name}\n" tagged)
    set(kinds range single)
    if(NOT tagged EQUAL -1)
      set(kinds range)
    endif()
    foreach(kind IN LISTS kinds)
      dunnage_add_case("${name}" "rootless as dunnage-${kind}" "${support_dir}/as_user.sh" "dunnage-${kind}")
    endforeach()
  else()
    dunnage_add_case("${name}" "${ring}")
    string(FIND "${single_too_names}" "\n${name}\n" tagged)
    if(user_id EQUAL 0 AND NOT tagged EQUAL -1)
      dunnage_add_case("${name}" "${ring} as dunnage-single" "${support_dir}/as_user.sh" "dunnage-single")
    endif()
  endif()
endwhile()
