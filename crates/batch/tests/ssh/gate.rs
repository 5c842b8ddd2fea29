//! The way from a factory to its login node: a port of its own, which can be cut and opened again, before the login node
//! of the test services or an `sshd` of its own for each connection.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub struct Gate {
    pub port: u16,
    way: Arc<Way>,
}

enum Behind {
    Port(u16),
    /// An `sshd` that is given the connection; the folder of the service.
    Sshd(PathBuf),
}

struct Way {
    behind: Behind,
    connections: AtomicUsize,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    processes: Mutex<Vec<Child>>,
}

impl Gate {
    /// Leads from a free port to this one.
    pub async fn to(port: u16) -> Gate {
        Gate::before(Behind::Port(port)).await
    }

    /// Leads from a free port to processes of its own, with keys and configuration of the service in this folder.
    pub async fn to_sshd(service: PathBuf) -> Gate {
        Gate::before(Behind::Sshd(service)).await
    }

    async fn before(behind: Behind) -> Gate {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let way =
            Way { behind, connections: AtomicUsize::new(0), tasks: Mutex::default(), processes: Mutex::default() };
        let gate = Gate { port: listener.local_addr().unwrap().port(), way: Arc::new(way) };
        gate.serve(listener);
        gate
    }

    /// Connections there ever were.
    pub fn connections(&self) -> usize {
        self.way.connections.load(Ordering::Relaxed)
    }

    /// Ends every connection, and lets no other in.
    pub fn cut(&self) {
        for task in self.way.tasks.lock().unwrap().drain(..) {
            task.abort();
        }
        self.kill();
    }

    /// Kills its own processes.
    pub fn kill(&self) {
        for mut process in self.way.processes.lock().unwrap().drain(..) {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Sends this signal to its own processes.
    pub fn signal(&self, name: &str) {
        for process in self.way.processes.lock().unwrap().iter() {
            let sent = Command::new("kill").args(["-s", name, &process.id().to_string()]).status().unwrap();
            assert!(sent.success());
        }
    }

    /// As it was before the cut.
    pub async fn open(&self) {
        self.serve(TcpListener::bind(("127.0.0.1", self.port)).await.unwrap());
    }

    fn serve(&self, listener: TcpListener) {
        let way = Arc::clone(&self.way);
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                way.lead(near);
            }
        });
        self.way.tasks.lock().unwrap().push(accepting);
    }
}

impl Way {
    fn lead(&self, mut near: TcpStream) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        match &self.behind {
            Behind::Port(port) => {
                let port = *port;
                let connection = tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
                self.tasks.lock().unwrap().push(connection);
            }
            Behind::Sshd(service) => {
                let near = near.into_std().unwrap();
                near.set_nonblocking(false).unwrap();
                let near = OwnedFd::from(near);
                let program = fs::read_to_string(service.join("sshd")).unwrap();
                let mut sshd = Command::new(program.trim());
                sshd.arg("-ief").arg(service.join("sshd_config")).process_group(0);
                sshd.stdin(near.try_clone().unwrap()).stdout(near).stderr(Stdio::null());
                self.processes.lock().unwrap().push(sshd.spawn().unwrap());
            }
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.cut();
    }
}
