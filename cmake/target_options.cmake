# SPDX-License-Identifier: Apache-2.0
# What every target of this project is compiled with. Nothing here touches a variable of an embedding project.

# dunnage_target_options(TARGET): language, warnings, sanitizers.
function(dunnage_target_options target)
  set_target_properties(${target} PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wall> $<$<COMPILE_LANGUAGE:CXX>:-Wextra>
                                           $<$<COMPILE_LANGUAGE:CXX>:-Wpedantic>)
  if(DUNNAGE_WERROR)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
    # These come from the optimiser and are, now and then, wrong about the standard library's own templates; which
    # ones depends on the version of the compiler.
    foreach(guess IN ITEMS array-bounds maybe-uninitialized restrict stringop-overflow stringop-overread)
      target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-error=${guess}>)
    endforeach()
  endif()
  if(DUNNAGE_SANITIZE)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${DUNNAGE_SANITIZE}>
                                             $<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer>)
    target_link_options(${target} PRIVATE -fsanitize=${DUNNAGE_SANITIZE})
    if(DUNNAGE_SANITIZE MATCHES "undefined")
      # A finding is a failure, not a line in a log.
      target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=undefined>)
    endif()
  endif()
endfunction()
