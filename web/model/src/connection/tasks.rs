//! Tasks that send automatically: a repetition, a sequence, a replay. When the connection ends, a repetition pauses until the
//! next one; the others end.

use super::note::Note;
use super::{Connection, Problem};
use crate::composing::draft::Draft;
use crate::connection::state::ConnectionState;
use crate::data::payload::Content;
use crate::data::time::Time;
use crate::log::{Source, Tone};
use crate::sending::outbox::Outgoing;
use crate::sending::repeat::{Repeat, Repetition};
use crate::sending::replay::{Replay, ReplayMessage};
use crate::sending::sequence::{Run, RunEvent, Sequence, Verdict};
use crate::shared::{Effect, Shared};

impl Connection {
    pub(super) fn start_repeat(&mut self, now: Time, repeat: Repeat, shared: &mut Shared) {
        self.clear_task_problem();
        self.repetition = Some(Repetition::new(repeat, now));
        self.drive_repeat(now, shared);
    }

    pub(super) fn start_sequence(&mut self, now: Time, sequence: Sequence, shared: &mut Shared) {
        self.clear_task_problem();
        // The results of the run before would stand beside an error of this one.
        self.run = None;
        if !matches!(self.state, ConnectionState::Open(_)) {
            self.problem = Some(Problem::Task("a sequence needs an open connection".to_owned()));
            return;
        }
        match Run::new(sequence, shared.check_regex, now) {
            Ok(run) => {
                self.run = Some(run);
                self.drive_run(now, RunEvent::Tick, shared);
            }
            Err(why) => self.problem = Some(Problem::Task(why)),
        }
    }

    pub(super) fn stop_sequence(&mut self, now: Time) {
        if let Some(run) = self.run.as_mut().filter(|run| run.verdict() == Verdict::Running) {
            run.stop(now);
            self.note_verdict(now);
        }
    }

    pub(super) fn start_replay(&mut self, now: Time, messages: Vec<ReplayMessage>, shared: &mut Shared) {
        self.clear_task_problem();
        if !matches!(self.state, ConnectionState::Open(_)) {
            self.problem = Some(Problem::Task("a replay needs an open connection".to_owned()));
            return;
        }
        self.replay = Some(Replay::new(messages, now));
        self.drive_replay(now, shared);
    }

    fn clear_task_problem(&mut self) {
        if matches!(self.problem, Some(Problem::Task(_))) {
            self.problem = None;
        }
    }

    /// When [`Connection::drive`] is due. What back-pressure holds up is driven by [`Connection::tasks_resume`].
    pub(super) fn next_task(&self, shared: &Shared) -> Option<Time> {
        if !matches!(self.state, ConnectionState::Open(_)) {
            return None;
        }
        let paced = Time::earliest(
            self.repetition.as_ref().and_then(Repetition::next),
            self.replay.as_ref().and_then(Replay::next),
        );
        let paced = paced.filter(|_| self.can_send_more(shared));
        Time::earliest(paced, self.run.as_ref().and_then(Run::due))
    }

    pub(super) fn drive(&mut self, now: Time, shared: &mut Shared) {
        if !matches!(self.state, ConnectionState::Open(_)) || !self.has_task() {
            return;
        }
        // Only deferred code begins a task.
        if let Some(loaded) = shared.deferred {
            loaded.run(|| {
                self.drive_repeat(now, shared);
                self.drive_replay(now, shared);
                self.drive_run(now, RunEvent::Tick, shared);
            });
        }
    }

    fn has_task(&self) -> bool {
        self.repetition.is_some() || self.replay.is_some() || self.run.is_some()
    }

    pub(super) fn tasks_opened(&mut self, now: Time) {
        if let Some(repetition) = &mut self.repetition {
            repetition.pause(now);
        }
    }

    /// Sending is no longer paused.
    pub(super) fn tasks_resume(&mut self, now: Time, shared: &mut Shared) {
        self.tasks_opened(now);
        self.drive(now, shared);
    }

    pub(super) fn tasks_ended(&mut self, now: Time, shared: &Shared) {
        self.replay = None;
        if let Some(loaded) = shared.deferred.filter(|_| self.run.is_some()) {
            loaded.run(|| self.fail_run(now));
        }
    }

    fn fail_run(&mut self, now: Time) {
        if let Some(run) = self.run.as_mut().filter(|run| run.verdict() == Verdict::Running) {
            run.fail(now, "the connection ended".to_owned());
            self.note_verdict(now);
        }
    }

    pub(super) fn tasks_received(&mut self, now: Time, content: Content<'_>, shared: &mut Shared) {
        self.run_event(now, RunEvent::Received(content), shared);
    }

    /// Tells the newest sequence, if there is one.
    pub(super) fn run_event(&mut self, now: Time, event: RunEvent<'_>, shared: &mut Shared) {
        if let Some(loaded) = shared.deferred.filter(|_| self.run.is_some()) {
            loaded.run(|| self.drive_run(now, event, shared));
        }
    }

    fn drive_repeat(&mut self, now: Time, shared: &mut Shared) {
        let Some(mut repetition) = self.repetition.take() else { return };
        if !self.can_send_more(shared) {
            repetition.pause(now);
        }
        while repetition.take_due(now) {
            if let Err(why) = self.send_automatically(&repetition.repeat().draft, now, shared) {
                self.problem = Some(Problem::Task(why));
                return;
            }
        }
        self.repetition = repetition.next().map(|_| repetition);
    }

    fn drive_replay(&mut self, now: Time, shared: &mut Shared) {
        while self.can_send_more(shared)
            && let Some(payload) = self.replay.as_mut().and_then(|replay| replay.take_due(now))
        {
            // `can_send_more` means an empty outbox, so there is room.
            let _ = self.enqueue(Outgoing { payload, source: Source::Automatic }, shared);
        }
        self.replay = self.replay.take().filter(|replay| replay.left() > 0);
    }

    fn drive_run(&mut self, now: Time, event: RunEvent<'_>, shared: &mut Shared) {
        let Some(mut run) = self.run.take() else { return };
        let was_running = run.verdict() == Verdict::Running;
        run.on(now, event, &mut |draft| self.send_automatically(draft, now, shared));
        if let Some(request) = run.next_batch(shared.next_match()) {
            shared.effects.push(Effect::Match { connection: self.id, request });
        }
        let ended = was_running && run.verdict() != Verdict::Running;
        self.run = Some(run);
        if ended {
            self.note_verdict(now);
        }
    }

    /// Whether nothing is queued, and the socket is below its watermark.
    pub(super) fn can_send_more(&self, shared: &Shared) -> bool {
        matches!(self.state, ConnectionState::Open(_))
            && self.outbox.is_empty()
            && !self.outbox.is_paused(shared.settings.watermarks)
    }

    fn send_automatically(&mut self, draft: &Draft, now: Time, shared: &mut Shared) -> Result<(), String> {
        let payload = self.payload(draft, now, shared)?;
        self.enqueue(Outgoing { payload, source: Source::Automatic }, shared)
    }

    fn note_verdict(&mut self, now: Time) {
        let Some(run) = &self.run else { return };
        let tone = match run.verdict() {
            Verdict::Passed => Tone::Good,
            Verdict::Failed => Tone::Error,
            Verdict::Running | Verdict::Stopped => Tone::Neutral,
        };
        let note = Note::Sequence { text: run.summary(), tone };
        self.note(now, &note);
    }
}
