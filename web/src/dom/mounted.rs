//! A page in a document: its state, its view, and the way from a change of the one to the other. It never lets two
//! changes into each other: one that comes while another is under way, or while the view follows it, waits its turn.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use web_sys::HtmlElement;

use super::View;

/// What a page shows.
pub trait State: 'static {
    /// Puts in order what follows from what has changed, before it is shown.
    fn settle(&mut self) {}
}

/// A page in a document. Dropped, it is gone.
pub struct Mounted<S: State>(Rc<Inner<S>>);

impl<S: State> Mounted<S> {
    /// Puts views of a state at the end of that element.
    pub fn new(
        parent: &HtmlElement,
        state: impl FnOnce(Handle<S>) -> S,
        views: impl FnOnce(&S) -> Vec<View<S>>,
    ) -> Self {
        let inner = Rc::new_cyclic(|weak| {
            let state = state(Handle(weak.clone()));
            let views = views(&state);
            for view in &views {
                // It fails only where one is inside the other.
                let _ = parent.append_child(&view.0.root);
            }
            Inner { state: state.into(), views: views.into(), changes: RefCell::default() }
        });
        inner.show(&mut inner.state.borrow_mut());
        Self(inner)
    }

    /// For what happens outside of the page.
    pub fn handle(&self) -> Handle<S> {
        Handle(Rc::downgrade(&self.0))
    }
}

impl<S: State> Drop for Mounted<S> {
    fn drop(&mut self) {
        for view in &*self.0.views.borrow() {
            view.0.root.remove();
        }
    }
}

/// The way to change a page's state. Once the page is gone, it does nothing.
pub struct Handle<S: State>(Weak<Inner<S>>);

impl<S: State> Clone for Handle<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

type Change<S> = Box<dyn FnOnce(&mut S)>;

impl<S: State> Handle<S> {
    /// Changes the state, and the view follows.
    pub fn act(&self, change: impl FnOnce(&mut S) + 'static) {
        if let Some(page) = self.0.upgrade() {
            page.act(Box::new(change));
        }
    }

    /// Changes the state, and leaves the view as it is until something else is done: for what comes by the thousand.
    pub fn note(&self, change: impl FnOnce(&mut S) + 'static) {
        if let Some(page) = self.0.upgrade() {
            page.note(Box::new(change));
        }
    }
}

struct Inner<S: State> {
    state: RefCell<S>,
    views: RefCell<Vec<View<S>>>,
    /// Those that came while another one was under way.
    changes: RefCell<VecDeque<Change<S>>>,
}

impl<S: State> Inner<S> {
    fn act(self: &Rc<Self>, change: Change<S>) {
        self.changes.borrow_mut().push_back(change);
        // Whoever has the state does what waits, too.
        let Ok(mut state) = self.state.try_borrow_mut() else { return };
        while self.make_changes(&mut state) {
            self.show(&mut state);
        }
    }

    fn note(self: &Rc<Self>, change: Change<S>) {
        match self.state.try_borrow_mut() {
            Ok(mut state) => change(&mut state),
            Err(_) => return self.changes.borrow_mut().push_back(change),
        }
        // Nobody else does what has come meanwhile.
        if !self.changes.borrow().is_empty() {
            self.act(Box::new(|_| {}));
        }
    }

    /// Makes the changes that wait, and tells whether there were any.
    fn make_changes(&self, state: &mut S) -> bool {
        let mut any = false;
        loop {
            let Some(change) = self.changes.borrow_mut().pop_front() else { return any };
            change(state);
            any = true;
        }
    }

    fn show(self: &Rc<Self>, state: &mut S) {
        state.settle();
        let page = Handle(Rc::downgrade(self));
        for view in &mut *self.views.borrow_mut() {
            view.0.life.follow(state, &page);
        }
    }
}
