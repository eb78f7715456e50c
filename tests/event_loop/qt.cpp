// SPDX-License-Identifier: Apache-2.0
// Qt's loop, with the notifiers and processes of Qt's own.

#include "scenario.hpp"

#include <QCoreApplication>
#include <QProcess>
#include <QSocketNotifier>
#include <QTimer>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace {

class QtLoop : public event_loop::Loop {
 public:
  explicit QtLoop(QCoreApplication& application) : application_{application} {}

  void watch(int fd, std::function<bool()> action) override {
    auto* notifier = new QSocketNotifier{fd, QSocketNotifier::Read, &application_};
    QObject::connect(notifier, &QSocketNotifier::activated, &application_,
                     [notifier, act = std::move(action)]() mutable {
                       if (!notifier->isEnabled()) return;
                       notifier->setEnabled(false);  // one descriptor has one notifier, and `act` may make the next
                       if (act()) {
                         notifier->setEnabled(true);
                       } else {
                         notifier->deleteLater();
                       }
                     });
  }

  void run_child(const std::string& script, std::function<void(int)> ended) override {
    auto* process = new QProcess{&application_};
    QObject::connect(process, QOverload<int, QProcess::ExitStatus>::of(&QProcess::finished), &application_,
                     [process, call = std::move(ended)](int code, QProcess::ExitStatus status) {
                       process->deleteLater();
                       call(status == QProcess::NormalExit ? code : -1);
                     });
    process->start("sh", {"-c", QString::fromStdString(script)});
  }

  void run() override { (void)QCoreApplication::exec(); }
  void quit() override { QTimer::singleShot(0, &application_, &QCoreApplication::quit); }

 private:
  QCoreApplication& application_;
};

}  // namespace

int main(int argc, char** argv) {
  QCoreApplication application{argc, argv};
  QtLoop loop{application};
  return event_loop::play(loop);
}
