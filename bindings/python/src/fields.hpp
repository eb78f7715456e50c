// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "enumeration.hpp"
#include "strings.hpp"
#include "time.hpp"

#include <pybind11/stl.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace dunnage::python {

template <class M>
struct is_optional : std::false_type {};
template <class M>
struct is_optional<std::optional<M>> : std::true_type {
  using Value = M;
};
template <class M>
struct is_list : std::false_type {};
template <class M>
struct is_list<std::vector<M>> : std::true_type {};
template <class M>
struct is_dict : std::false_type {};
template <class M>
struct is_dict<std::map<std::string, M>> : std::true_type {};

/// A class of Python made by pybind11.
template <class M>
inline constexpr bool is_bound = std::is_base_of_v<py::detail::type_caster_generic, py::detail::make_caster<M>>;

/// What a member is called without an article: "str", "list of str".
template <class M>
[[nodiscard]] std::string noun_of() {
  if constexpr (std::is_same_v<M, bool>) {
    return "bool";
  } else if constexpr (std::is_integral_v<M>) {
    return "int";
  } else if constexpr (std::is_enum_v<M>) {
    return "member of " + Enumeration<M>::name() + " or its word";
  } else if constexpr (std::is_same_v<M, std::string>) {
    return "str";
  } else if constexpr (std::is_same_v<M, std::filesystem::path>) {
    return "str or os.PathLike";
  } else if constexpr (is_optional<M>::value) {
    return noun_of<typename M::value_type>() + " or None";
  } else if constexpr (is_list<M>::value) {
    return "list of " + noun_of<typename M::value_type>();
  } else if constexpr (is_dict<M>::value) {
    return "dict of str to " + noun_of<typename M::mapped_type>();
  } else if constexpr (std::is_same_v<M, std::chrono::milliseconds> || std::is_same_v<M, std::chrono::nanoseconds>) {
    return "number of seconds or a timedelta";
  } else if constexpr (std::is_same_v<M, TimePoint>) {
    return "datetime or seconds since 1970";
  } else if constexpr (is_bound<M>) {
    return py::type::of<M>().attr("__name__").template cast<std::string>();
  } else {
    return "value of another type";
  }
}

/// What a member is called in a sentence: "read_only is a bool, not 'yes'".
template <class M>
[[nodiscard]] std::string type_text() {
  const std::string noun = noun_of<M>();
  return (noun == "int" ? "an " : "a ") + noun;
}

/// A Mapping that is no dict, such as os.environ, as a dict; any other object itself.
[[nodiscard]] py::object dict_from(py::handle object);

/// "BindMount(): read_only is a bool, not 'yes'": a TypeError, or a ValueError for an int out of range.
[[noreturn]] void refuse_value(const std::string& name, const std::string& wanted, py::handle value);

/// Types for which None stands for their empty value.
template <class M>
inline constexpr bool none_is_empty =
    std::is_same_v<M, std::filesystem::path> || std::is_same_v<M, TimePoint> || std::is_same_v<M, py::object>;

/// Takes nothing for something it is not: no number is a bool, no float an int.
template <class M>
[[nodiscard]] M value_from(py::handle value, const std::string& name) {
  if constexpr (is_optional<M>::value) {
    if (value.is_none()) return std::nullopt;
    return value_from<typename is_optional<M>::Value>(value, name);
  } else {
    py::detail::make_caster<M> caster;
    [[maybe_unused]] py::object dict;
    try {
      if constexpr (is_dict<M>::value) {
        dict = dict_from(value);
        value = dict;
      }
      if ((none_is_empty<M> || !value.is_none()) && caster.load(value, false)) {
        return py::detail::cast_op<M>(std::move(caster));
      }
    } catch (const py::value_error& error) {
      throw py::value_error{name + ": " + error.what()};
    }
    refuse_value(name, type_text<M>(), value);
  }
}

/// The members of a struct as Python sees them: the first ones by position or name, the others by name only. One table
/// is constructor, attributes, repr, hash and pickle of a value.
template <class T>
class Fields {
 public:
  struct Field {
    std::string name;
    bool required = false;
    bool positional = false;
    std::function<py::object(const T&)> get;
    std::function<void(T&, py::handle)> set;
    std::function<py::object(const T&)> freeze;  ///< for pickle, without a loss
    std::function<void(T&, py::handle)> thaw;
  };

  /// `owner` is named in messages: "BindMount".
  explicit Fields(std::string owner) : owner_{std::move(owner)} {}

  template <class Access>
  Fields& required(const char* name, Access access) {
    add(name, access);
    mark_required();
    using Member = std::remove_cvref_t<std::invoke_result_t<Access, T&>>;
    if constexpr (!std::is_same_v<Member, py::object>) {  // whoever reads such a one says what is wanted
      fields_.back().set = [set = fields_.back().set, label = label_of(name)](T& value, py::handle object) {
        if (object.is_none()) refuse_value(label, type_text<Member>(), object);
        set(value, object);
      };
    }
    return *this;
  }
  template <class Access>
  Fields& option(const char* name, Access access) {
    add(name, access);
    return *this;
  }
  /// With a conversion of its own: `from(handle, name)` returns the member.
  template <class Access, class From>
  Fields& required(const char* name, Access access, From from) {
    return option(name, access, from).mark_required();
  }
  template <class Access, class From>
  Fields& option(const char* name, Access access, From from) {
    add(name, access);
    fields_.back().set = [access, from, label = label_of(name)](T& value, py::handle object) {
      std::invoke(access, value) = from(object, label);
    };
    return *this;
  }
  /// Only taken, never shown.
  Fields& taken(const char* name, std::function<void(T&, py::handle)> set, bool is_required = false) {
    fields_.push_back({name, is_required, is_required, {}, std::move(set), {}, {}});
    return *this;
  }

  /// The last one may be left out, and given by position.
  Fields& by_position() {
    fields_.back().positional = true;
    return *this;
  }

  [[nodiscard]] const std::vector<Field>& all() const { return fields_; }
  [[nodiscard]] const std::string& owner() const { return owner_; }
  [[nodiscard]] std::string label_of(const std::string& name) const { return owner_ + "(): " + name; }

  void set(T& value, const std::string& name, py::handle object) const { find(name).set(value, object); }

  [[nodiscard]] T parse(const py::args& args, const py::kwargs& kwargs, T value = {}) const {
    std::vector<bool> given(fields_.size());
    std::size_t index = 0;
    for (const auto argument : args) {
      if (index == fields_.size() || !fields_[index].positional) refuse_positional(args.size(), index);
      fields_[index].set(value, argument);
      given[index++] = true;
    }
    for (const auto& [name, argument] : kwargs) {
      const Field& field = find(name.template cast<std::string>());
      const auto place = static_cast<std::size_t>(&field - fields_.data());
      if (given[place]) throw py::type_error{label_of(field.name) + " is given twice"};
      field.set(value, argument);
      given[place] = true;
    }
    for (index = 0; index < fields_.size(); ++index) {
      if (fields_[index].required && !given[index]) throw py::type_error{label_of(fields_[index].name) + " is missing"};
    }
    return value;
  }

  /// `(source, target, *, read_only=False)`, as inspect.signature() reads it at the beginning of a docstring.
  [[nodiscard]] std::string signature() const {
    const T defaults{};
    std::string text;
    bool star = false;
    for (const auto& field : fields_) {
      if (!field.positional && !std::exchange(star, true)) text += text.empty() ? "*" : ", *";
      text += (text.empty() ? "" : ", ") + field.name;
      if (!field.required) text += "=" + (field.get ? default_text(field.get(defaults)) : "...");
    }
    return "(" + text + ")";
  }
  [[nodiscard]] std::string method_signature() const {
    const std::string text = signature();
    return text == "()" ? "(self)" : "(self, " + text.substr(1);
  }

 private:
  Fields& mark_required() {
    fields_.back().required = true;
    return by_position();
  }

  template <class Access>
  void add(const char* name, Access access) {
    using Member = std::remove_cvref_t<std::invoke_result_t<Access, T&>>;
    Field field{name, false, false, {}, {}, {}, {}};
    field.get = [access](const T& value) -> py::object {
      if constexpr (std::is_base_of_v<py::object, Member>) {
        return std::invoke(access, value);
      } else {
        return py::cast(std::invoke(access, value));
      }
    };
    field.set = [access, label = label_of(name)](T& value, py::handle object) {
      std::invoke(access, value) = value_from<Member>(object, label);
    };
    if constexpr (std::is_same_v<Member, TimePoint>) {
      field.freeze = [access](const T& value) -> py::object {
        return py::int_{std::invoke(access, value).time_since_epoch().count()};
      };
      field.thaw = [access](T& value, py::handle count) {
        std::invoke(access, value) = TimePoint{TimePoint::duration{count.cast<TimePoint::rep>()}};
      };
    } else if constexpr (std::is_same_v<Member, std::optional<TimePoint>>) {
      field.freeze = [access](const T& value) -> py::object {
        const std::optional<TimePoint>& time = std::invoke(access, value);
        return time ? py::object{py::int_{time->time_since_epoch().count()}} : py::none{};
      };
      field.thaw = [access](T& value, py::handle count) {
        std::invoke(access, value) = count.is_none()
                                         ? std::nullopt
                                         : std::optional{TimePoint{TimePoint::duration{count.cast<TimePoint::rep>()}}};
      };
    } else if constexpr (std::is_same_v<Member, std::chrono::nanoseconds>) {
      field.freeze = [access](const T& value) -> py::object { return py::int_{std::invoke(access, value).count()}; };
      field.thaw = [access](T& value, py::handle count) {
        std::invoke(access, value) = std::chrono::nanoseconds{count.cast<std::chrono::nanoseconds::rep>()};
      };
    } else {
      field.freeze = field.get;
      field.thaw = [access, label = label_of(name)](T& value, py::handle object) {
        std::invoke(access, value) = value_from<Member>(object, label);
      };
    }
    fields_.push_back(std::move(field));
  }

  [[nodiscard]] const Field& find(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& field : fields_) {
      if (field.name == name) return field;
      names.push_back(field.name);
    }
    refuse_name(owner_, name, names);
  }

  [[noreturn]] void refuse_positional(std::size_t given, std::size_t taken) const {
    throw py::type_error{owner_ + "() takes " + std::to_string(taken) + " arguments by position and got " +
                         std::to_string(given) + "; the others are given by name"};
  }
  [[noreturn]] static void refuse_name(const std::string& owner, const std::string& name,
                                       const std::vector<std::string>& names);
  [[nodiscard]] static std::string default_text(const py::object& value);

  std::string owner_;
  std::vector<Field> fields_;
};

/// Throws TypeError with the nearest of `names`.
[[noreturn]] void refuse_unknown_name(const std::string& owner, const std::string& name,
                                      const std::vector<std::string>& names);
/// repr() of what a signature can show, else "...".
[[nodiscard]] std::string text_of_default(const py::object& value);

template <class T>
void Fields<T>::refuse_name(const std::string& owner, const std::string& name, const std::vector<std::string>& names) {
  refuse_unknown_name(owner, name, names);
}

template <class T>
std::string Fields<T>::default_text(const py::object& value) {
  return text_of_default(value);
}

}  // namespace dunnage::python
