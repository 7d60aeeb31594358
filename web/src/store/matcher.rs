//! Matches regular expressions in a compute worker of its own, which is ended where a batch takes too long: nothing else
//! stops the browser's `RegExp`. One batch is under way at a time, so that the limit is for that one.

use std::collections::VecDeque;

use compute::protocol::{Request, Response};
use model::{ConnectionId, ConnectionMsg, Loaded, MatchError, MatchId, MatchRequest, Msg};

use super::Store;
use crate::browser::clock;
use crate::browser::task::Task;
use crate::compute_handle::{Answer, ComputeError, ComputeHandle};
use crate::deferred::Deferred;

#[derive(Default)]
pub(super) struct Matcher {
    worker: ComputeHandle,
    queue: VecDeque<(ConnectionId, MatchRequest)>,
    /// Waits for the answer to the batch that is under way.
    matching: Option<Task>,
    /// What encodes and decodes a batch. While it is loaded, batches wait.
    deferred: Option<Result<Loaded, ComputeError>>,
}

impl Matcher {
    pub(super) fn deferred_loaded(&mut self, deferred: &Deferred) {
        self.deferred = match deferred {
            Deferred::Loading { .. } => None,
            Deferred::Loaded(loaded) => Some(Ok(*loaded)),
            Deferred::Failed => Some(Err(ComputeError::NotLoaded)),
        };
    }
}

impl Store {
    /// Has a batch matched, and reported to its connection.
    pub(super) fn match_later(&mut self, connection: ConnectionId, request: MatchRequest) {
        self.matcher.queue.push_back((connection, request));
        self.match_next();
    }

    pub(super) fn match_next(&mut self) {
        let Matcher { queue, matching, deferred, .. } = &mut self.matcher;
        let Some(deferred) = deferred.filter(|_| matching.is_none()) else { return };
        let Some((connection, request)) = queue.pop_front() else { return };
        match deferred {
            Ok(loaded) => loaded.run(|| self.begin_match(connection, request)),
            Err(error) => {
                self.matched(connection, request.id, Err(MatchError::Unavailable(error.to_string())));
            }
        }
    }

    fn matched(&mut self, connection: ConnectionId, id: MatchId, result: Result<Vec<bool>, MatchError>) {
        self.dispatch_at(clock::now(), Msg::Connection(connection, ConnectionMsg::Matched(id, result)));
        self.match_next();
    }

    fn begin_match(&mut self, connection: ConnectionId, MatchRequest { id, regex, texts }: MatchRequest) {
        let request = Request::Match {
            expression: &regex.expression,
            flags: &regex.flags,
            texts: texts.iter().map(String::as_str).collect(),
        };
        let answer = self.matcher.worker.ask_within(&request, MatchRequest::LIMIT_MS);
        let handle = self.handle.clone();
        self.matcher.matching = Some(Task::spawn(async move {
            let result = result(&answer.await);
            handle.update_silently(move |store| {
                store.matcher.matching = None;
                store.matched(connection, id, result);
            });
        }));
    }
}

fn result(answer: &Result<Answer, ComputeError>) -> Result<Vec<bool>, MatchError> {
    match answer.as_ref().map_err(|&error| error).and_then(Answer::response) {
        Ok(Response::Matched(matches)) => Ok(matches),
        Ok(_) => Err(MatchError::Unavailable(ComputeError::Failed.to_string())),
        Err(ComputeError::TimedOut) => Err(MatchError::TooSlow),
        Err(error) => Err(MatchError::Unavailable(error.to_string())),
    }
}
