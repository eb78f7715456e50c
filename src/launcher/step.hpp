// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The steps between a request and a running program. A step that fails is reported by its number; the library turns
/// it into words (launch/failure.cpp).

#include <stdint.h>

namespace dunnage::launcher {

enum class Step : uint16_t {
  None,
  ReceiveRequest,
  ReceiveDescriptors,
  StartProcess,
  JoinNamespaces,
  EnterMountNamespace,
  AttachRootfs,
  MountProc,
  MountSys,
  MountCgroup,
  MountDev,
  CreateDevice,
  MountPts,
  MountShm,
  MountMqueue,
  CreateTarget,
  CheckTarget,
  KindOfTarget,
  AttachMount,
  VerifyMount,
  CreateTmpfs,
  CloneMount,
  HoldMount,
  CreateWorkingDirectory,
  ProtectPath,
  MaskPath,
  ProtectRoot,
  ChangeRoot,
  EnterWorkingDirectory,
  SetHostname,
  LoopbackUp,
  PingGroups,
  OpenTerminal,
  ConnectStreams,
  SetLimits,
  SetKeyring,
  SetGroups,
  SetGroup,
  SetUser,
  SetCapabilities,
  SetNoNewPrivileges,
  Execute,
  // the launcher's own start
  ParkNamespace,
  BindDevices,
  StartBroker,
  // detaching mounts
  OpenSource,
  KindOfSource,
  SourceChanged,
  SetAttributes,
  ConfigureFileSystem,
  CreateFileSystem,
  SetNoSwap,
  RequireMountpoint,
  OpenSubpath,
  CreateSubpath,
  MapIds,
  ChangeOwner,
  MaskBelow,
  OpenUpper,
  CreateUpper,
  Relabel,
  OpenLayer,
  AddLayer,
  // work on trees
  StartWork,
  ReadRecords,
  OpenEntry,
  SetOwner,
  SetMode,
  SetAttribute,
  SetTimes,
};

}  // namespace dunnage::launcher
