// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "enumeration.hpp"

#include <dunnage/spec_code.hpp>

#include <iterator>
#include <utility>

namespace dunnage::python {
namespace {

constexpr std::pair<const char*, Engine> kEngines[] = {
    {"Docker", Engine::Docker}, {"Podman", Engine::Podman}, {"Compose", Engine::Compose}};

constexpr std::pair<const char*, SpecStage> kStages[] = {
    {"Parse", SpecStage::Parse},         {"Create", SpecStage::Create},
    {"Start", SpecStage::Start},         {"Interpolate", SpecStage::Interpolate},
    {"Merge", SpecStage::Merge},         {"Schema", SpecStage::Schema},
    {"Canonical", SpecStage::Canonical}, {"Validate", SpecStage::Validate},
    {"Paths", SpecStage::Paths},         {"Decode", SpecStage::Decode},
    {"Load", SpecStage::Load},
};

constexpr std::pair<const char*, SpecCode> kSpecCodes[] = {
    {"BadBool", SpecCode::BadBool},
    {"BadCsv", SpecCode::BadCsv},
    {"BadDriverOption", SpecCode::BadDriverOption},
    {"BadEnum", SpecCode::BadEnum},
    {"BadFileMode", SpecCode::BadFileMode},
    {"BadInt", SpecCode::BadInt},
    {"BadKey", SpecCode::BadKey},
    {"BadLabel", SpecCode::BadLabel},
    {"BadPropagation", SpecCode::BadPropagation},
    {"BadSize", SpecCode::BadSize},
    {"BadSubpath", SpecCode::BadSubpath},
    {"BadTemplate", SpecCode::BadTemplate},
    {"BadTmpfsOption", SpecCode::BadTmpfsOption},
    {"BadType", SpecCode::BadType},
    {"BadUrl", SpecCode::BadUrl},
    {"BadYaml", SpecCode::BadYaml},
    {"CifsPort", SpecCode::CifsPort},
    {"DeprecatedOption", SpecCode::DeprecatedOption},
    {"DuplicateOption", SpecCode::DuplicateOption},
    {"DuplicateTarget", SpecCode::DuplicateTarget},
    {"EmptyOptionValue", SpecCode::EmptyOptionValue},
    {"EmptySection", SpecCode::EmptySection},
    {"EmptySpec", SpecCode::EmptySpec},
    {"EmptyValue", SpecCode::EmptyValue},
    {"ExternalConflict", SpecCode::ExternalConflict},
    {"ExtraField", SpecCode::ExtraField},
    {"ExtraSource", SpecCode::ExtraSource},
    {"InvalidMode", SpecCode::InvalidMode},
    {"InvalidSpec", SpecCode::InvalidSpec},
    {"MissingField", SpecCode::MissingField},
    {"MissingOption", SpecCode::MissingOption},
    {"MissingSource", SpecCode::MissingSource},
    {"MissingTarget", SpecCode::MissingTarget},
    {"MissingType", SpecCode::MissingType},
    {"MixedOptions", SpecCode::MixedOptions},
    {"NameConflict", SpecCode::NameConflict},
    {"NameInvalid", SpecCode::NameInvalid},
    {"NameTooShort", SpecCode::NameTooShort},
    {"NoQuota", SpecCode::NoQuota},
    {"NoSuchContainer", SpecCode::NoSuchContainer},
    {"NotKeyValue", SpecCode::NotKeyValue},
    {"OptionConflict", SpecCode::OptionConflict},
    {"OptionNotAllowed", SpecCode::OptionNotAllowed},
    {"OverlayConflict", SpecCode::OverlayConflict},
    {"OverlayDirs", SpecCode::OverlayDirs},
    {"QuotaConflict", SpecCode::QuotaConflict},
    {"RequiredVariable", SpecCode::RequiredVariable},
    {"RequiresReadonly", SpecCode::RequiresReadonly},
    {"RequiresRprivate", SpecCode::RequiresRprivate},
    {"SourceNotAbsolute", SpecCode::SourceNotAbsolute},
    {"SourceNotFound", SpecCode::SourceNotFound},
    {"SubpathAnonymous", SpecCode::SubpathAnonymous},
    {"TargetIsRoot", SpecCode::TargetIsRoot},
    {"TargetNotAbsolute", SpecCode::TargetNotAbsolute},
    {"TimeoutLocal", SpecCode::TimeoutLocal},
    {"TooLong", SpecCode::TooLong},
    {"TooManyColons", SpecCode::TooManyColons},
    {"UndefinedVolume", SpecCode::UndefinedVolume},
    {"UnknownField", SpecCode::UnknownField},
    {"UnknownOption", SpecCode::UnknownOption},
    {"UnknownType", SpecCode::UnknownType},
    {"Unsupported", SpecCode::Unsupported},
    {"WhitespaceKey", SpecCode::WhitespaceKey},
    {"WhitespaceValue", SpecCode::WhitespaceValue},
};
static_assert(std::size(kSpecCodes) == static_cast<std::size_t>(SpecCode::WhitespaceValue) + 1, "a code is missing");
static_assert(std::size(kStages) == static_cast<std::size_t>(SpecStage::Load) + 1, "a stage is missing");

template <class E, std::size_t kSize>
void define(py::module_& module, const char* name, const char* doc, const std::pair<const char*, E> (&table)[kSize]) {
  std::vector<typename Enumeration<E>::Member> members;
  for (const auto& [member, value] : table) members.push_back({member, value, std::string{to_string(value)}});
  Enumeration<E>::define(module, name, doc, std::move(members));
}

}  // namespace

void bind_spec_code(py::module_& module) {
  define(module, "Engine", "Whose rules a text is read by. The same text legally means different things to them.",
         kEngines);
  define(module, "SpecStage",
         "When the engine refuses: reading the flag, creating the container, starting it; the others are the steps of "
         "Compose's loader.",
         kStages);
  define(module, "SpecCode", "Why a storage text is refused, one cause each; it stays the same over versions.",
         kSpecCodes);
}

}  // namespace dunnage::python
