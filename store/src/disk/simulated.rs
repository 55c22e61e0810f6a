//! A disk in memory that records every call, fails where it is told to, and forgets in a crash what was not flushed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Disk, DiskFile, Lock};

const SECTOR: usize = 512;

/// What was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Create(PathBuf),
    Write,
    SetLength,
    Sync,
    Rename,
    Remove,
    SyncFolder,
}

/// What becomes of the call of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process ends before it.
    Crash,
    /// It fails, and a write has got as far as its middle. A flush that fails leaves nothing to be flushed by the next one.
    Error(io::ErrorKind),
}

/// Numbers for the choices of a crash.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Below `sides` (SplitMix64).
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn flip(&mut self) -> bool {
        self.roll(2) == 0
    }
}

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*offset..end].copy_from_slice(bytes);
            }
            Self::Length(length) => to.resize(*length, 0),
        }
    }

    /// What a crash leaves of it: all up to some byte; or some sectors, with the file as long as it was to be, or only as long as
    /// what has arrived.
    fn apply_in_part(&self, to: &mut Vec<u8>, dice: &mut Dice) {
        let Self::Write { offset, bytes } = self else {
            if dice.flip() {
                self.apply(to);
            }
            return;
        };
        match dice.roll(5) {
            0 => return,
            1 => return self.apply(to),
            2 => {
                let arrived = dice.roll(bytes.len() + 1);
                let bytes = bytes[..arrived].to_vec();
                return Self::Write { offset: *offset, bytes }.apply(to);
            }
            _ => {
                let mut start = 0;
                while start < bytes.len() {
                    let end = (start + SECTOR - (offset + start) % SECTOR).min(bytes.len());
                    if dice.flip() {
                        let bytes = bytes[start..end].to_vec();
                        Self::Write { offset: offset + start, bytes }.apply(to);
                    }
                    start = end;
                }
            }
        }
        let length = offset + bytes.len();
        if to.len() < length && dice.flip() {
            to.resize(length, 0);
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Inode {
    /// As a process reads it.
    live: Vec<u8>,
    /// As it is after a power cut.
    durable: Vec<u8>,
    /// Written and not flushed.
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Name {
    Put(PathBuf, usize),
    Moved { from: PathBuf, to: PathBuf },
    Removed(PathBuf),
}

impl Name {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Put(path, inode) => drop(names.insert(path.clone(), *inode)),
            Self::Moved { from, to } => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
            Self::Removed(path) => drop(names.remove(path)),
        }
    }
}

type Hook = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone, Default)]
struct World {
    inodes: Vec<Inode>,
    live: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    pending: Vec<Name>,
    locks: BTreeSet<PathBuf>,
    calls: Vec<Call>,
    fault: Option<(usize, Fault)>,
    dead: bool,
    on_sync: Option<Hook>,
}

/// The disk; a clone is the same disk.
#[derive(Clone, Default)]
pub(crate) struct SimulatedDisk(Arc<Mutex<World>>);

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimulatedDisk")
    }
}

impl SimulatedDisk {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    pub(crate) fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    /// The calls so far that change or flush something.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    pub(crate) fn syncs(&self) -> usize {
        self.calls().iter().filter(|call| **call == Call::Sync).count()
    }

    /// What becomes of the call with this number, from now on.
    pub(crate) fn fail_at(&self, call: usize, fault: Fault) {
        let mut world = self.world();
        world.fault = Some((world.calls.len() + call, fault));
    }

    /// Called before each flush of a file.
    pub(crate) fn on_sync(&self, hook: Hook) {
        self.world().on_sync = Some(hook);
    }

    /// The bytes of a file, as a process reads them.
    pub(crate) fn bytes(&self, path: &Path) -> Vec<u8> {
        let world = self.world();
        world.inodes[world.live[path]].live.clone()
    }

    /// Puts other bytes in a file, durable.
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) {
        let mut world = self.world();
        let inode = Inode { live: bytes.to_vec(), durable: bytes.to_vec(), pending: Vec::new() };
        world.inodes.push(inode);
        let number = world.inodes.len() - 1;
        world.live.insert(path.to_owned(), number);
        world.durable.insert(path.to_owned(), number);
    }

    /// Another disk, as this one would be if its process were killed now: what was written is there.
    pub(crate) fn after_kill(&self) -> Self {
        let mut world = self.world().clone();
        world.restart();
        Self(Arc::new(Mutex::new(world)))
    }

    /// As it would be after a power cut that loses all that was not flushed.
    pub(crate) fn after_power_cut(&self) -> Self {
        self.after(|_, _| {}, |_, _| {})
    }

    /// As it would be after a power cut that loses, by chance, some of what was not flushed.
    pub(crate) fn after_crash(&self, dice: &mut Dice) -> Self {
        let mut other = Dice::new(dice.roll(usize::MAX) as u64);
        self.after(
            |change, to| change.apply_in_part(to, dice),
            |name, names| {
                if other.flip() {
                    name.apply(names);
                }
            },
        )
    }

    fn after(
        &self,
        mut change: impl FnMut(&Change, &mut Vec<u8>),
        mut name: impl FnMut(&Name, &mut BTreeMap<PathBuf, usize>),
    ) -> Self {
        let mut world = self.world().clone();
        for inode in &mut world.inodes {
            for pending in std::mem::take(&mut inode.pending) {
                change(&pending, &mut inode.durable);
            }
            inode.live = inode.durable.clone();
        }
        for pending in std::mem::take(&mut world.pending) {
            name(&pending, &mut world.durable);
        }
        world.live = world.durable.clone();
        world.restart();
        Self(Arc::new(Mutex::new(world)))
    }
}

impl World {
    fn restart(&mut self) {
        self.locks.clear();
        self.calls.clear();
        self.fault = None;
        self.dead = false;
        self.on_sync = None;
    }

    /// Records a call; says whether it fails.
    fn call(&mut self, call: Call) -> io::Result<()> {
        let number = self.calls.len();
        self.calls.push(call);
        match self.fault {
            Some((at, Fault::Crash)) if number >= at => {
                self.dead = true;
                Err(io::Error::other("crashed"))
            }
            Some((at, Fault::Error(kind))) if number == at => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        if self.dead {
            return Err(io::Error::other("crashed"));
        }
        self.live.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rename(&mut self, name: Name) {
        name.apply(&mut self.live);
        self.pending.push(name);
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    inode: usize,
}

#[derive(Debug)]
struct SimulatedLock {
    disk: SimulatedDisk,
    path: PathBuf,
}

impl Lock for SimulatedLock {}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        self.disk.world().locks.remove(&self.path);
    }
}

impl Disk for SimulatedDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.world();
        world.call(Call::Create(path.to_owned()))?;
        let inode = match world.find(path) {
            Ok(inode) => inode,
            Err(_) => {
                world.inodes.push(Inode::default());
                let inode = world.inodes.len() - 1;
                world.rename(Name::Put(path.to_owned(), inode));
                inode
            }
        };
        Ok(Box::new(SimulatedFile { disk: self.clone(), inode }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inode = self.world().find(path)?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), inode }))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>> {
        if self.world().locks.insert(path.to_owned()) {
            Ok(Box::new(SimulatedLock { disk: self.clone(), path: path.to_owned() }))
        } else {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.call(Call::Rename)?;
        world.find(from)?;
        world.rename(Name::Moved { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.find(path)?;
        world.call(Call::Remove)?;
        world.rename(Name::Removed(path.to_owned()));
        Ok(())
    }

    fn sync_folder(&self, _of: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.call(Call::SyncFolder)?;
        for name in std::mem::take(&mut world.pending) {
            name.apply(&mut world.durable);
        }
        Ok(())
    }
}

impl SimulatedFile {
    fn change(&self, call: Call, change: Change) -> io::Result<()> {
        let mut world = self.disk.world();
        let called = world.call(call);
        let change = match (&called, change, world.dead) {
            (Err(_), Change::Write { offset, bytes }, false) => {
                Change::Write { offset, bytes: bytes[..bytes.len() / 2].to_vec() }
            }
            (Err(_), ..) => return called,
            (Ok(()), change, _) => change,
        };
        let inode = &mut world.inodes[self.inode];
        change.apply(&mut inode.live);
        inode.pending.push(change);
        called
    }
}

impl DiskFile for SimulatedFile {
    fn read_all(&mut self) -> io::Result<Vec<u8>> {
        let world = self.disk.world();
        if world.dead {
            return Err(io::Error::other("crashed"));
        }
        Ok(world.inodes[self.inode].live.clone())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        self.change(Call::Write, Change::Write { offset, bytes: bytes.to_vec() })
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.change(Call::SetLength, Change::Length(usize::try_from(length).unwrap()))
    }

    fn sync(&mut self) -> io::Result<()> {
        let hook = self.disk.world().on_sync.clone();
        if let Some(hook) = hook {
            hook();
        }
        let mut world = self.disk.world();
        let called = world.call(Call::Sync);
        let dead = world.dead;
        let inode = &mut world.inodes[self.inode];
        match called {
            Ok(()) => {
                for change in std::mem::take(&mut inode.pending) {
                    change.apply(&mut inode.durable);
                }
                // Only what was pending: a change that an earlier flush has lost stays lost.
                Ok(())
            }
            Err(error) => {
                if !dead {
                    inode.pending.clear();
                }
                Err(error)
            }
        }
    }
}
