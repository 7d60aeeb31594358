//! Saved messages, and the history of sent ones.

use std::collections::VecDeque;

use crate::composing::draft::Draft;
use crate::data::json::{self, Object, Value};
use crate::data::visible::Quoted;

/// Unique among the saved messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SavedName {
    /// Empty for none.
    pub folder: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub name: SavedName,
    pub draft: Draft,
}

/// Sorted by folder and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library(Vec<Saved>);

impl Library {
    pub const MAX: usize = 1000;

    pub fn all(&self) -> &[Saved] {
        &self.0
    }

    pub fn find(&self, name: &SavedName) -> Option<&Saved> {
        self.place(name).ok().map(|place| &self.0[place])
    }

    /// Replaces a message of the same name.
    ///
    /// # Errors
    /// The name is empty, or there are too many messages.
    pub fn save(&mut self, saved: Saved) -> Result<(), String> {
        if saved.name.name.trim().is_empty() {
            return Err("a saved message needs a name".to_owned());
        }
        match self.place(&saved.name) {
            Ok(place) => self.0[place] = saved,
            Err(_) if self.0.len() >= Self::MAX => {
                return Err(format!("no more than {} messages can be saved", Self::MAX));
            }
            Err(place) => self.0.insert(place, saved),
        }
        Ok(())
    }

    /// Changes name, folder or both.
    ///
    /// # Errors
    /// The new name is empty or taken.
    pub fn rename(&mut self, from: &SavedName, to: SavedName) -> Result<(), String> {
        if *from != to && self.find(&to).is_some() {
            return Err(format!("{} is already the name of another message in this folder", Quoted(&to.name)));
        }
        let Some(Saved { draft, .. }) = self.find(from).cloned() else { return Ok(()) };
        if !to.name.trim().is_empty() {
            self.remove(from);
        }
        self.save(Saved { name: to, draft })
    }

    pub fn remove(&mut self, name: &SavedName) {
        if let Ok(place) = self.place(name) {
            self.0.remove(place);
        }
    }

    pub fn to_json(&self) -> String {
        let mut out = String::new();
        let mut document = Object::new(&mut out);
        document.array("messages", &self.0, |out, saved| {
            let mut object = Object::new(out);
            object.text("folder", &saved.name.folder);
            object.text("name", &saved.name.name);
            saved.draft.write(&mut object);
            object.end();
        });
        document.end();
        out
    }

    /// Adds the messages of a document, replacing those with the same names. Returns their number.
    ///
    /// # Errors
    /// The first mistake, with its message. Nothing is added.
    pub fn add_json(&mut self, text: &str) -> Result<usize, String> {
        let mut added = self.clone();
        let count = added.take_in(text)?;
        *self = added;
        Ok(count)
    }

    /// Adds the messages of a document that can be read. Returns their number.
    ///
    /// # Errors
    /// The first message that cannot be read, and why; the others are added.
    pub(crate) fn take_in(&mut self, text: &str) -> Result<usize, String> {
        let document = json::parse(text).map_err(|error| error.to_string())?;
        let messages =
            document.member("messages").ok_or("this is not a file of saved messages: \"messages\" is missing")?;
        let mut wrong = None;
        for (message, number) in messages.elements().iter().zip(1..) {
            let text = |name| message.member(name).and_then(Value::text).unwrap_or_default().into_owned();
            let name = SavedName { folder: text("folder"), name: text("name") };
            if let Err(why) = Draft::read(message).and_then(|draft| self.save(Saved { name, draft })) {
                wrong.get_or_insert_with(|| format!("message {number}: {why}"));
            }
        }
        wrong.map_or(Ok(messages.elements().len()), Err)
    }

    fn place(&self, name: &SavedName) -> Result<usize, usize> {
        self.0.binary_search_by(|saved| saved.name.cmp(name))
    }
}

/// Messages that were sent by hand, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History(VecDeque<Draft>);

impl History {
    pub const MAX: usize = 200;
    /// Bytes. Longer texts are not recorded.
    pub const MAX_BYTES: usize = 64 << 10;

    pub fn iter(&self) -> impl Iterator<Item = &Draft> {
        self.0.iter()
    }

    /// 0 is the newest.
    pub fn draft(&self, back: usize) -> Option<&Draft> {
        self.0.get(back)
    }

    /// Returns whether the draft was added: it is not if it is empty, too long or the same as the newest.
    pub fn push(&mut self, draft: Draft) -> bool {
        if draft.text.is_empty() || draft.text.len() > Self::MAX_BYTES || self.0.front() == Some(&draft) {
            return false;
        }
        self.0.push_front(draft);
        self.0.truncate(Self::MAX);
        true
    }

    pub fn to_json(&self) -> String {
        let mut out = String::new();
        let mut document = Object::new(&mut out);
        document.array("history", &self.0, |out, draft| {
            let mut object = Object::new(out);
            draft.write(&mut object);
            object.end();
        });
        document.end();
        out
    }

    /// Replaces the history by the drafts of a document that can be read.
    ///
    /// # Errors
    /// The first draft that cannot be read, and why.
    pub(crate) fn take_in(&mut self, text: &str) -> Result<(), String> {
        self.0.clear();
        let document = json::parse(text).map_err(|error| error.to_string())?;
        let drafts = document.member("history").ok_or("\"history\" is missing")?.elements();
        let mut all = Ok(());
        for (draft, number) in drafts.iter().take(Self::MAX).zip(1..) {
            match Draft::read(draft) {
                Ok(draft) => self.0.push_back(draft),
                Err(why) => all = all.and(Err(format!("message {number}: {why}"))),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::composing::draft::{Format, Templates};

    fn name(folder: &str, name: &str) -> SavedName {
        SavedName { folder: folder.to_owned(), name: name.to_owned() }
    }

    fn saved(folder: &str, called: &str, text: &str) -> Saved {
        Saved { name: name(folder, called), draft: Draft { text: text.to_owned(), ..Draft::default() } }
    }

    fn names(library: &Library) -> Vec<String> {
        library.all().iter().map(|saved| format!("{}/{}", saved.name.folder, saved.name.name)).collect()
    }

    #[test]
    fn messages_are_in_the_order_of_folders_and_names_and_one_name_is_one_message() {
        let mut library = Library::default();
        for message in [saved("b", "a", "1"), saved("", "z", "2"), saved("a", "y", "3"), saved("b", "a", "4")] {
            library.save(message).unwrap();
        }
        assert_eq!(names(&library), ["/z", "a/y", "b/a"]);
        assert_eq!(library.find(&name("b", "a")).map(|saved| saved.draft.text.as_str()), Some("4"));
        library.remove(&name("", "z"));
        assert_eq!(names(&library), ["a/y", "b/a"]);
    }

    #[test]
    fn a_message_can_move_but_not_onto_another() {
        let mut library = Library::default();
        library.save(saved("", "a", "1")).unwrap();
        library.save(saved("", "b", "2")).unwrap();
        assert_eq!(
            library.rename(&name("", "a"), name("", "b")).unwrap_err(),
            r#""b" is already the name of another message in this folder"#
        );
        assert_eq!(library.rename(&name("", "a"), name("", " ")).unwrap_err(), "a saved message needs a name");
        library.rename(&name("", "a"), name("x", "b")).unwrap();
        assert_eq!(names(&library), ["/b", "x/b"]);
    }

    #[test]
    fn a_document_with_a_mistake_adds_nothing_and_says_where_it_is() {
        let mut library = Library::default();
        let text = r#"{"messages":[{"name":"a","text":"1"},{"name":"b","format":"xml","text":"2"}]}"#;
        assert_eq!(
            library.add_json(text).unwrap_err(),
            r#"message 2: "xml" is not a format: use text, json, hex or base64"#
        );
        assert_eq!(library.add_json(r#"{"messages":[{"name":"a"}]}"#).unwrap_err(), r#"message 1: "text" is missing"#);
        assert_eq!(
            library.add_json("{}").unwrap_err(),
            r#"this is not a file of saved messages: "messages" is missing"#
        );
        assert_eq!(library, Library::default());
        assert_eq!(library.add_json(r#"{"messages":[{"name":"a","text":"1"}]}"#), Ok(1));
    }

    #[test]
    fn the_history_is_newest_first_limited_and_without_repeats() {
        let draft = |text: &str| Draft { text: text.to_owned(), ..Draft::default() };
        let mut history = History::default();
        assert!(history.push(draft("a")));
        for worthless in [draft("a"), draft(""), draft(&"x".repeat(History::MAX_BYTES + 1))] {
            assert!(!history.push(worthless));
        }
        for number in 0..300 {
            history.push(draft(&number.to_string()));
        }
        assert_eq!(history.iter().count(), History::MAX);
        assert_eq!(history.draft(1), Some(&draft("298")));
        let mut read = History::default();
        assert_eq!(read.take_in(&history.to_json()), Ok(()));
        assert_eq!(read, history);
        let partly = r#"{"history":[{"format":"text"},{"text":"b"}]}"#;
        assert_eq!(read.take_in(partly).unwrap_err(), r#"message 1: "text" is missing"#);
        assert_eq!(read.iter().collect::<Vec<_>>(), [&draft("b")]);
        assert!(read.take_in("broken").is_err());
        assert_eq!(read, History::default());
    }

    fn any_draft() -> impl Strategy<Value = Draft> {
        (0..4usize, any::<bool>(), any::<String>()).prop_map(|(format, literal, text)| Draft {
            format: Format::ALL[format],
            templates: if literal { Templates::Literal } else { Templates::Substituted },
            text,
        })
    }

    proptest! {
        #[test]
        fn a_document_is_read_back_the_same(
            messages in proptest::collection::vec((".{0,4}", "[a-z]{1,4}", any_draft()), 0..8),
        ) {
            let mut library = Library::default();
            for (folder, called, draft) in messages {
                library.save(Saved { name: name(&folder, &called), draft }).unwrap();
            }
            let mut read = Library::default();
            prop_assert_eq!(read.add_json(&library.to_json()), Ok(library.all().len()));
            prop_assert_eq!(read, library);
        }
    }
}
