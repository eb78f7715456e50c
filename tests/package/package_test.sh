#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# package_test.sh CASE: one way of getting at the library. The environment says where things are, see CMakeLists.txt.
set -eu
: "${SOURCE:?}" "${BUILD:?}" "${WORK:?}" "${CMAKE:?}" "${GENERATOR:?}" "${CXX:?}" "${LAUNCHER=}"
prefix=$WORK/prefix

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# build_consumer NAME [CMAKE ARGUMENT...]: configures, builds and runs examples/consumer.
build_consumer() {
  directory=$WORK/$1
  shift
  rm -rf "$directory"
  "$CMAKE" -S "$SOURCE/examples/consumer" -B "$directory" -G "$GENERATOR" -DCMAKE_CXX_COMPILER="$CXX" \
    -DCMAKE_CXX_COMPILER_LAUNCHER="$LAUNCHER" "$@"
  "$CMAKE" --build "$directory" --parallel 2
  run_consumer "$directory/consumer"
}

run_consumer() {
  output=$("$1") || fail "$1 exits with $?: $output"
  echo "$output"
  for expected in "dunnage 0." /host/usr /host/etc /run; do
    case $output in
      *"$expected"*) ;;
      *) fail "$1 does not mention $expected" ;;
    esac
  done
}

# links_shared PROGRAM: whether it wants libdunnage.so.0 at run time.
links_shared() {
  readelf -d "$1" | grep -q 'NEEDED.*\[libdunnage\.so\.0\]'
}

# expect_installed DIRECTORY: exactly what should be there is there.
expect_installed() {
  for file in lib/libdunnage.so lib/libdunnage.so.0 lib/libdunnage.a lib/cmake/dunnage/dunnageConfig.cmake \
    lib/cmake/dunnage/dunnageConfigVersion.cmake lib/cmake/dunnage/dunnageTargets.cmake lib/pkgconfig/dunnage.pc \
    include/dunnage/dunnage.hpp include/dunnage/version.hpp share/doc/dunnage/LICENSE; do
    [ -e "$1/$file" ] || fail "$file is not installed"
  done
  for header in "$SOURCE"/include/dunnage/*.hpp; do
    cmp "$header" "$1/include/dunnage/$(basename "$header")"
  done
  strays=$(cd "$1" && find . -type f -o -type l | grep -v -e '^\./lib/libdunnage\.' -e '^\./lib/cmake/dunnage/' \
    -e '^\./lib/pkgconfig/dunnage\.pc$' -e '^\./include/dunnage/[a-z_]*\.hpp$' -e '^\./share/doc/dunnage/LICENSE$') || :
  [ -z "$strays" ] || fail "these should not be installed: $strays"
  if grep -rlF -e "$BUILD" -e "$SOURCE" "$1/lib/cmake" "$1/lib/pkgconfig"; then
    fail "these files name the build or the source directory"
  fi
}

case $1 in
  install)
    rm -rf "$WORK"
    "$CMAKE" --install "$BUILD" --prefix "$prefix" >/dev/null
    expect_installed "$prefix"
    ;;
  staged)
    rm -rf "$WORK/stage" "$WORK/moved"
    DESTDIR=$WORK/stage "$CMAKE" --install "$BUILD" --prefix /opt/dunnage >/dev/null
    [ "$(ls "$WORK/stage")" = opt ] || fail "something is installed outside the prefix"
    mv "$WORK/stage/opt/dunnage" "$WORK/moved"
    expect_installed "$WORK/moved"
    build_consumer staged -DCMAKE_PREFIX_PATH="$WORK/moved"
    ;;
  find_package)
    build_consumer shared -DCMAKE_PREFIX_PATH="$prefix"
    links_shared "$WORK/shared/consumer" || fail "the consumer does not link libdunnage.so.0"
    ;;
  find_package_static)
    build_consumer static -DCMAKE_PREFIX_PATH="$prefix" -DCONSUMER_STATIC=ON
    if links_shared "$WORK/static/consumer"; then fail "the consumer links the shared library"; fi
    ;;
  pkg_config)
    export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
    # shellcheck disable=SC2046  # the flags are meant to be split
    "$CXX" -std=c++20 "$SOURCE/examples/consumer/main.cpp" -o "$WORK/with_pkg_config" \
      $(pkg-config --cflags --libs dunnage) -Wl,-rpath,"$prefix/lib"
    run_consumer "$WORK/with_pkg_config"
    links_shared "$WORK/with_pkg_config" || fail "the consumer does not link libdunnage.so.0"
    ;;
  pkg_config_static)
    # An installation that has only the static library.
    rm -rf "$WORK/only_static"
    mkdir -p "$WORK/only_static"
    cp -R "$prefix/lib" "$prefix/include" "$WORK/only_static"
    rm "$WORK"/only_static/lib/*.so*
    export PKG_CONFIG_PATH="$WORK/only_static/lib/pkgconfig"
    # shellcheck disable=SC2046  # the flags are meant to be split
    "$CXX" -std=c++20 "$SOURCE/examples/consumer/main.cpp" -o "$WORK/with_pkg_config_static" \
      $(pkg-config --static --cflags --libs dunnage)
    run_consumer "$WORK/with_pkg_config_static"
    ;;
  add_subdirectory)
    # its targets are what this is about, so they are built as fast as they can be: joined, which a project may ask for
    build_consumer embedded -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-g0 -DCMAKE_UNITY_BUILD=ON -DCONSUMER_DUNNAGE_SOURCE="$SOURCE"
    targets=$("$CMAKE" --build "$WORK/embedded" --target help)
    for unwanted in dunnage_unit_tests dunnage_headers dunnage_cli dunnage_static dunnage_python; do
      case $targets in
        *"$unwanted"*) fail "the target $unwanted is made in an embedding project" ;;
      esac
    done
    for variable in BUILD_SHARED_LIBS BUILD_TESTING CMAKE_CXX_STANDARD; do
      if grep "^$variable:" "$WORK/embedded/CMakeCache.txt"; then fail "$variable of the embedding project is set"; fi
    done
    ;;
  exported_symbols)
    library=$prefix/lib/libdunnage.so.0
    nm -DC --defined-only "$library" >"$WORK/symbols"
    grep -q ' T dunnage::' "$WORK/symbols" || fail "the library exports no function"
    if grep -v -E '^[0-9a-f]+ . ((typeinfo|typeinfo name|vtable|VTT|guard variable) for )?dunnage::' "$WORK/symbols"; then
      fail "the library exports these, which are not its own"
    fi
    if grep -E ' dunnage::(error|kernel|launcher|model|spec|volume|plan|prepare|container|launch)::' "$WORK/symbols"; then
      fail "the library exports these, which are internal"
    fi
    readelf -d "$library" | grep -q 'SONAME.*\[libdunnage\.so\.0\]' || fail "the soname is not libdunnage.so.0"
    readelf -lW "$library" | grep -q 'GNU_STACK.* RW ' || fail "the library wants an executable stack"
    ;;
  python)
    rm -rf "$WORK/python" "$WORK/moved_python"
    "$CMAKE" --install "$BUILD" --component dunnage_python --prefix "$WORK/python" >/dev/null
    [ "$(ls "$WORK/python")" = lib ] || fail "something is installed beside lib"
    strays=$(cd "$WORK/python" && find . -type f | grep -v -E "^\./${PYTHON_DIR:?}/dunnage/[_a-z/]*(\.py|\.pyi|\.typed|\.[-_a-z0-9]*\.so)$") || :
    [ -z "$strays" ] || fail "these should not be installed: $strays"
    mv "$WORK/python" "$WORK/moved_python"
    cd /
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$WORK/moved_python/$PYTHON_DIR "${PYTHON:?}" -W error -c '
import dunnage, os, sys
assert dunnage.__file__.startswith(os.environ["PYTHONPATH"]), dunnage.__file__
assert dunnage.MountSet("/etc:/host/etc:ro").resolve()["/host/etc"].read_only
assert "libdunnage" not in open("/proc/self/maps").read(), "the module wants the library beside it"
'
    ;;
  *) fail "there is no case $1" ;;
esac
