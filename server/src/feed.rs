//! What a session sends that comes from other connections: the messages of a room, or the events of an inspection.

use std::future;

use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{
    budget::Overdrawn,
    inspect::{Over, Watcher},
    rooms::{Member, TooSlow},
};

/// Where they come from.
#[derive(Debug)]
pub(crate) enum Feed {
    Room(Member),
    Inspection(Watcher),
}

impl Feed {
    /// Gives a message to those who have the same feed, if that is a room.
    ///
    /// # Errors
    /// There is no memory to keep it for them.
    pub(crate) fn publish(&self, message: Message) -> Result<(), Overdrawn> {
        if let Self::Room(member) = self { member.publish(message) } else { Ok(()) }
    }

    /// The next messages, if there are any.
    ///
    /// # Errors
    /// Nothing more comes; with the close frame for that.
    pub(crate) fn try_recv(&mut self) -> Result<Vec<Message>, CloseFrame> {
        match self {
            Self::Room(member) => Ok(member.try_recv()?),
            Self::Inspection(watcher) => Ok(watcher.try_recv()?),
        }
    }

    /// Waits for messages. What it completes with is not lost when it is dropped before.
    ///
    /// # Errors
    /// Nothing more comes; with the close frame for that.
    pub(crate) async fn recv(feed: &mut Option<Self>) -> Result<Vec<Message>, CloseFrame> {
        match feed {
            Some(Self::Room(member)) => Ok(member.recv().await?),
            Some(Self::Inspection(watcher)) => Ok(watcher.recv().await?),
            None => future::pending().await,
        }
    }
}

impl From<TooSlow> for CloseFrame {
    fn from(_: TooSlow) -> Self {
        Self { code: CloseCode::Again, reason: "too slow: messages were missed".into() }
    }
}

impl From<Over> for CloseFrame {
    fn from(_: Over) -> Self {
        Self { code: CloseCode::Normal, reason: "no connection had this id for a minute".into() }
    }
}
