//! The only loop: feeds the session, carries out what it says, arms one timer.
//!
//! Inputs may come at any time, also while an output is awaited; exactly one drain runs at a time,
//! so outputs stay in order. No borrow of the session crosses an await.
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::core::model::{Error, Millis};
use crate::core::session::{
    Batch, CallId, Command, Config, Event, Glance, Input, LoadId, Output, Place, Reply, RequestId, Restored, Session,
    Signal, Stats,
};
use crate::ports::{
    Opened, Platform, PlatformError, Query, Request, Row, Socket, SocketEvent, Store, StoreError, Table, together,
};

/// What comes out, in order.
#[derive(Debug)]
pub enum Said {
    /// Something happened.
    Event(Event),
    /// A call is settled.
    Reply(CallId, Result<Reply, Error>),
}

/// A session on a platform.
pub struct Driver<P: Platform> {
    platform: P,
    session: RefCell<Session>,
    socket: RefCell<Option<P::Socket>>,
    generation: Cell<u32>,
    device: RefCell<Option<Rc<P::Store>>>,
    account: RefCell<Option<Rc<P::Store>>>,
    timer: RefCell<Option<P::Timer>>,
    said: RefCell<Vec<Said>>,
    sink: Box<dyn Fn(Vec<Said>)>,
    draining: Cell<bool>,
    closed: Cell<bool>,
}

impl<P: Platform> std::fmt::Debug for Driver<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl<P: Platform> Driver<P> {
    /// Starts a session of nobody. `sink` gets what the session says, a batch at a time; it must not
    /// call back into the driver.
    ///
    /// # Errors
    /// When the platform has no random source.
    pub fn start(config: Config, platform: P, sink: impl Fn(Vec<Said>) + 'static) -> Result<Rc<Self>, PlatformError> {
        let mut seed = [0; 16];
        platform.fill_random(&mut seed)?;
        let name = format!("floo/{}", config.app_id);
        let driver = Rc::new(Self {
            platform,
            session: Session::new(config, u128::from_le_bytes(seed)).into(),
            socket: None.into(),
            generation: Cell::new(0),
            device: None.into(),
            account: None.into(),
            timer: None.into(),
            said: Vec::new().into(),
            sink: Box::new(sink),
            draining: Cell::new(false),
            closed: Cell::new(false),
        });
        let this = Rc::clone(&driver);
        driver.platform.spawn(async move {
            let rows = this.open_device(&name).await;
            this.feed(Input::Started(rows));
        });
        Ok(driver)
    }

    /// Begins a call of the application; its reply comes through the sink.
    pub fn command(self: &Rc<Self>, call: CallId, command: Command) {
        self.feed(Input::Command(call, command));
    }

    /// See [`Signal`].
    pub fn signal(self: &Rc<Self>, signal: Signal) {
        self.feed(Input::Signal(signal));
    }

    /// See [`Session::allocate_id`].
    ///
    /// # Errors
    /// When nobody is logged in.
    pub fn allocate_id(&self) -> Result<u64, Error> {
        self.session.borrow_mut().allocate_id(self.platform.now())
    }

    /// See [`Session::stats`].
    pub fn stats(&self) -> Stats {
        self.session.borrow().stats()
    }

    /// Ends everything: nothing is said, sent or written any more.
    pub fn close(&self) {
        self.closed.set(true);
        self.socket.take();
        self.timer.take();
        self.account.take();
        self.device.take();
    }

    fn feed(self: &Rc<Self>, input: Input<'_>) {
        if self.closed.get() {
            return;
        }
        self.session.borrow_mut().handle(self.platform.now(), input);
        if !self.draining.replace(true) {
            let this = Rc::clone(self);
            self.platform.spawn(async move { this.drain().await });
        }
    }

    async fn drain(self: &Rc<Self>) {
        while !self.closed.get() {
            let output = self.session.borrow_mut().poll();
            if let Output::Wait(at) = output {
                self.arm(at);
                break;
            }
            self.carry_out(output).await;
        }
        self.draining.set(false);
        self.tell();
    }

    async fn carry_out(self: &Rc<Self>, output: Output) {
        match output {
            Output::Persist(batch) => self.persist(batch).await,
            Output::Load(id, query) => self.load(id, query).await,
            Output::OpenStore(name) => self.open_account(&name).await,
            Output::Restore => self.restore_account().await,
            other => self.do_now(other),
        }
    }

    /// What needs no waiting.
    fn do_now(self: &Rc<Self>, output: Output) {
        match output {
            Output::Connect { generation, url, secret } => self.connect(generation, &url, secret),
            Output::Transmit { generation, frame } => self.transmit(generation, &frame),
            Output::Disconnect => drop(self.socket.take()),
            Output::CloseStore => drop(self.account.take()),
            Output::Request(id, request) => self.request(id, request),
            Output::Event(event) => self.said.borrow_mut().push(Said::Event(event)),
            Output::Reply(call, result) => self.said.borrow_mut().push(Said::Reply(call, result)),
            // The session puts none of these behind a batch.
            Output::Persist(_) | Output::Load(..) | Output::OpenStore(_) | Output::Restore | Output::Wait(_) => {}
        }
    }

    /// Hands over what was said so far: before anything that takes time, and at the end.
    fn tell(&self) {
        let said = self.said.take();
        if !said.is_empty() && !self.closed.get() {
            (self.sink)(said);
        }
    }

    fn arm(self: &Rc<Self>, at: Option<Millis>) {
        let timer = at.map(|Millis(at)| {
            let wait = at.saturating_sub(self.platform.now().0);
            let this = Rc::downgrade(self);
            let wake = move || {
                if let Some(this) = this.upgrade() {
                    this.feed(Input::Tick);
                }
            };
            // Longer than timers can be set: wake earlier, which is harmless.
            self.platform.after(u32::try_from(wait).unwrap_or(u32::MAX).min(0x7fff_ffff), Box::new(wake))
        });
        self.timer.replace(timer);
    }

    fn connect(self: &Rc<Self>, generation: u32, url: &str, secret: bool) {
        self.socket.take();
        self.generation.set(generation);
        let this = Rc::downgrade(self);
        let on = move |event: SocketEvent<'_>| {
            let Some(this) = this.upgrade() else { return };
            if this.generation.get() != generation {
                return;
            }
            match event {
                SocketEvent::Opened => this.opened(secret),
                SocketEvent::Frame(bytes) => this.feed(Input::Frame(bytes)),
                SocketEvent::Closed(reason) => this.feed(Input::Closed(&reason)),
            }
        };
        match self.platform.connect(url, Box::new(on)) {
            Ok(socket) => drop(self.socket.replace(Some(socket))),
            Err(e) => self.feed(Input::Closed(&e.0)),
        }
    }

    fn opened(self: &Rc<Self>, secret: bool) {
        if secret {
            let mut seed = [0; 32];
            if let Err(e) = self.platform.fill_random(&mut seed) {
                return self.feed(Input::Closed(&e.0)); // never with anything weaker
            }
            self.feed(Input::Secret(seed));
        }
        self.feed(Input::Opened);
    }

    fn transmit(self: &Rc<Self>, generation: u32, frame: &[u8]) {
        if self.generation.get() != generation {
            return; // meant for a connection that is gone; the session has planned anew
        }
        let result = self.socket.borrow().as_ref().map_or(Ok(()), |socket| socket.send(frame));
        if let Err(e) = result {
            self.feed(Input::Closed(&e.0));
        }
    }

    fn request(self: &Rc<Self>, id: RequestId, request: Request) {
        let this = Rc::clone(self);
        self.platform.spawn(async move {
            let answer = this.platform.request(request).await;
            this.feed(Input::Answer(id, answer));
        });
    }

    async fn persist(self: &Rc<Self>, batch: Batch) {
        self.tell();
        let place = match batch.place {
            Place::Device => &self.device,
            Place::Account => &self.account,
        };
        let store = place.borrow().clone();
        let result = match store {
            Some(store) => store.apply(&batch.writes).await,
            // The device's store could not be opened, which was reported then.
            None if batch.place == Place::Device => Ok(()),
            None => Err(StoreError::Unavailable("the store is not open".into())),
        };
        match result {
            Ok(()) => {
                for mark in batch.marks {
                    self.feed(Input::Persisted(mark));
                }
                batch.then.into_iter().for_each(|output| self.do_now(output));
            }
            Err(e) => self.feed(Input::PersistFailed(e, batch)),
        }
    }

    async fn load(self: &Rc<Self>, id: LoadId, query: Query) {
        self.tell();
        let store = self.account.borrow().clone();
        let rows = match store {
            Some(store) => store.range(&query).await,
            None => Err(StoreError::Unavailable("the store is not open".into())),
        };
        self.feed(Input::Loaded(id, rows));
    }

    async fn open_device(self: &Rc<Self>, name: &str) -> Result<Vec<Row>, StoreError> {
        let store = Rc::new(self.platform.open(name).await?.store);
        let rows = store.range(&Query::all(Table::Kv)).await?;
        if !self.closed.get() {
            self.device.replace(Some(store));
        }
        Ok(rows)
    }

    async fn open_account(self: &Rc<Self>, name: &str) {
        self.tell();
        self.account.take();
        let glance = self.glance(name).await;
        self.feed(Input::Glanced(glance));
    }

    async fn glance(&self, name: &str) -> Result<Glance, StoreError> {
        let Opened { store, kind, fallback } = self.platform.open(name).await?;
        let store = Rc::new(store);
        let mut tables = read_all(&*store, &Glance::TABLES).await?;
        let picks = tables.first().map(|(_, kv)| Glance::picks(kv)).into_iter().flatten();
        for (table, keys) in picks.collect::<Vec<_>>() {
            tables.push((table, store.pick(table, &keys).await?));
        }
        if !self.closed.get() {
            self.account.replace(Some(store));
        }
        Ok(Glance { tables, kind, fallback })
    }

    async fn restore_account(self: &Rc<Self>) {
        self.tell();
        let store = self.account.borrow().clone();
        let result = match store {
            Some(store) => read_all(&*store, &Restored::TABLES).await.map(|tables| Restored { tables }),
            None => Err(StoreError::Unavailable("the store is not open".into())),
        };
        self.feed(Input::StoreOpened(result));
    }
}

/// Whole tables, read at the same time.
async fn read_all<S: Store>(store: &S, tables: &[Table]) -> Result<Vec<(Table, Vec<Row>)>, StoreError> {
    let queries: Vec<_> = tables.iter().map(|table| Query::all(*table)).collect();
    let all = together(queries.iter().map(|query| store.range(query)).collect()).await;
    let rows = all.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(tables.iter().copied().zip(rows).collect())
}
