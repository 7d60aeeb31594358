//! Reading and writing files with logs, saved messages and sequences, piece by piece, in the compute worker.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use compute::archive::ArchiveFormat;
use compute::protocol::{BATCH, Request, Response};
use model::{ConnectionId, ExportScope, ImportedLogs, Msg, Subject};
use wasm_bindgen::JsValue;
use web_sys::File;

use super::Page;
use crate::browser::task::Task;
use crate::browser::{clock, files};
use crate::compute_handle::{Answer, ComputeError};

/// Exports that are not done, the running one first.
#[derive(Default)]
pub(crate) struct Exports {
    queue: VecDeque<Export>,
    /// Writes the first one.
    _task: Option<Task>,
}

struct Export {
    id: ConnectionId,
    format: ArchiveFormat,
    extent: ExportScope,
    /// The number of the next entry to write.
    next: u64,
    /// The number of the last one.
    last: u64,
}

impl Exports {
    pub(crate) fn is_running(&self) -> bool {
        !self.queue.is_empty()
    }
}

impl Page {
    /// Writes the log that is shown to a file, and has the browser download it.
    pub(crate) fn export(&mut self, format: ArchiveFormat) {
        let extent = if self.forms.export_filtered { ExportScope::Shown } else { ExportScope::All };
        let log = self.shown().log();
        let export = Export { id: self.pane.id, format, extent, next: log.first_seq(), last: log.last_seq() };
        self.exports.queue.push_back(export);
        if self.exports.queue.len() == 1 {
            self.begin_export();
        }
    }

    fn begin_export(&mut self) {
        let Some(&Export { id, format, .. }) = self.exports.queue.front() else { return };
        let url = self.store.workbench().connection(id).map_or("", |connection| connection.setup().address.as_str());
        let begin = Request::BeginExport { format, url, time_origin: clock::time_origin() };
        self.exports._task = Some(self.ask(&begin, None, Self::exported));
    }

    /// Posts the entries that come next, or ends the file.
    fn exported(&mut self, answer: Result<Answer, ComputeError>) {
        let Some(&Export { id, extent, next, last, format }) = self.exports.queue.front() else { return };
        let file = match answer.as_ref().map(Answer::file) {
            Ok(file) => file,
            Err(error) => return self.export_ended(Some(error.to_string())),
        };
        if let Some(file) = file {
            files::download_blob(&["canyon-log.", format.extension()].concat(), format.media_type(), file);
            return self.export_ended(None);
        }
        let (mut entries, mut bytes) = (Vec::new(), 0);
        let workbench = self.store.workbench();
        workbench.each_entry(id, extent, next, &mut |entry| {
            if entry.seq > last || bytes >= BATCH {
                return ControlFlow::Break(());
            }
            bytes += 32 + entry.content.size();
            entries.push(entry);
            ControlFlow::Continue(())
        });
        let end = entries.last().map(|entry| entry.seq);
        let request = if entries.is_empty() { Request::EndExport } else { Request::Export(entries) };
        let task = self.ask(&request, None, Self::exported);
        self.exports._task = Some(task);
        if let (Some(export), Some(end)) = (self.exports.queue.front_mut(), end) {
            export.next = end + 1;
        }
    }

    fn export_ended(&mut self, problem: Option<String>) {
        self.exports.queue.pop_front();
        if let Some(why) = problem {
            self.dispatch(Msg::FileFailed(Subject::Logs, why));
        }
        self.begin_export();
    }

    /// Adds a connection for each log in a file, and closes the dialog if that succeeds.
    pub(crate) fn import_log(&mut self, file: &File) {
        self.dispatch(Msg::DismissProblem(Subject::Logs));
        if let Err(why) = files::check_size(file) {
            return self.dispatch(Msg::FileFailed(Subject::Logs, why));
        }
        let name = file.name();
        let import = Request::Import { time_origin: clock::time_origin() };
        self.importing = Some(self.ask(&import, Some(file), move |page, answer| {
            let urls = match response(&answer) {
                Ok(Response::Logs { urls, skipped, first_skipped }) => ImportedLogs {
                    name,
                    urls: urls.into_iter().map(str::to_owned).collect(),
                    skipped,
                    first_skipped: first_skipped.map(str::to_owned),
                },
                Ok(_) => return page.dispatch(Msg::FileFailed(Subject::Logs, ComputeError::Failed.to_string())),
                Err(why) => return page.dispatch(Msg::FileFailed(Subject::Logs, why)),
            };
            page.dispatch(Msg::ImportLogs(urls));
            page.close_if_done();
            page.next_entries();
        }));
    }

    fn next_entries(&mut self) {
        self.importing = Some(self.ask(&Request::NextEntries, None, |page, answer| match response(&answer) {
            Ok(Response::Entries { entries, .. }) if entries.is_empty() => {}
            Ok(Response::Entries { log, entries }) => {
                page.store.load(log as usize, &entries);
                page.next_entries();
            }
            Ok(_) => page.dispatch(Msg::FileFailed(Subject::Logs, ComputeError::Failed.to_string())),
            Err(why) => page.dispatch(Msg::FileFailed(Subject::Logs, why)),
        }));
    }

    /// Adds what a file of saved messages or sequences has; `add` makes the message for the model from its text.
    pub(crate) fn import_text(&mut self, file: &File, subject: Subject, add: fn(String) -> Msg) {
        if let Err(why) = files::check_size(file) {
            return self.dispatch(Msg::FileFailed(subject, why));
        }
        self.importing = Some(self.ask(&Request::Decode, Some(file), move |page, answer| {
            page.dispatch(match response(&answer) {
                Ok(Response::Text(text)) => add(text.to_owned()),
                Ok(_) => Msg::FileFailed(subject, ComputeError::Failed.to_string()),
                Err(why) => Msg::FileFailed(subject, why),
            });
        }));
    }

    /// Asks the compute worker. Dropping the task drops what was to be done `then`.
    pub(super) fn ask(
        &self,
        request: &Request<'_>,
        file: Option<&JsValue>,
        then: impl FnOnce(&mut Self, Result<Answer, ComputeError>) + 'static,
    ) -> Task {
        self.ask_boxed(request, file, Box::new(then))
    }

    fn ask_boxed(&self, request: &Request<'_>, file: Option<&JsValue>, then: Then) -> Task {
        let answer = self.compute.ask(request, file);
        let handle = self.handle.clone();
        Task::spawn(async move {
            let answer = answer.await;
            handle.update(move |page| then(page, answer));
        })
    }
}

type Then = Box<dyn FnOnce(&mut Page, Result<Answer, ComputeError>)>;

/// The response, or why there is none, in words for the person.
fn response(answer: &Result<Answer, ComputeError>) -> Result<Response<'_>, String> {
    match answer.as_ref().map_err(|&error| error).and_then(Answer::response) {
        Ok(Response::Problem(why)) => Err(why.to_owned()),
        Ok(response) => Ok(response),
        Err(error) => Err(error.to_string()),
    }
}
