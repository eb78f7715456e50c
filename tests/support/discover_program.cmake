# SPDX-License-Identifier: Apache-2.0
# Run by ctest, like discover_tests.cmake, for a program that is one test: an example, a class of the command line's
# tests. Root runs it as itself and as the two ordinary users; what takes long, and goes the same way whichever ids an
# ordinary user has, as one of them. Expects: name, command (a list), support_dir, timeout, environment.

execute_process(COMMAND id -u OUTPUT_VARIABLE user_id OUTPUT_STRIP_TRAILING_WHITESPACE)

# dunnage_add_program(RING PREFIX WRAPPER...)
function(dunnage_add_program ring prefix)
  add_test("${prefix}: ${name}" ${ARGN} ${command})
  set_tests_properties("${prefix}: ${name}" PROPERTIES LABELS "${ring}" SKIP_RETURN_CODE 77 TIMEOUT "${timeout}"
                                                       ENVIRONMENT "${environment}")
endfunction()

if(user_id EQUAL 0)
  dunnage_add_program(root root)
  set(kinds range single)
  if(name MATCHES "ShopExample|UpAndDown|PostgresImage|postgres_image in Python|lines of the guide|test_aio_many"
     OR name MATCHES "test_ci_job_runner|test_postgres_fixture")
    set(kinds range)
  endif()
  foreach(kind IN LISTS kinds)
    dunnage_add_program(rootless "rootless as dunnage-${kind}" "${support_dir}/as_user.sh" "dunnage-${kind}")
  endforeach()
else()
  dunnage_add_program(rootless rootless)
endif()
