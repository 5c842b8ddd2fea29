//! A PanDA server that wants to know who asks: by a proxy or by a token.

#![allow(clippy::unwrap_used)]

use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use wire::panda::{Panda, PandaAccess};
use wire::tls::provider;

/// Certificates of the last client, and what was asked.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<(usize, String)>>);

/// Takes every certificate, as a server does that knows grids.
#[derive(Debug)]
struct AnyProxy(Seen);

impl ClientCertVerifier for AnyProxy {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.0.0.lock().unwrap().0 = 1 + chain.len();
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A grid in a directory: an authority, a server, a user with a proxy.
struct Grid {
    dir: tempfile::TempDir,
    url: String,
    seen: Seen,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Grid {
    async fn start() -> Grid {
        let dir = tempfile::tempdir().unwrap();
        wire::tls::Authority::open_or_create(&dir.path().join("own")).unwrap();
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = named("grid");
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
        let ca = Issuer::new(ca, ca_key);
        fs::create_dir(dir.path().join("certificates")).unwrap();
        fs::write(dir.path().join("certificates/0a1b2c3d.0"), ca_pem).unwrap();
        fs::write(dir.path().join("certificates/0a1b2c3d.r0"), "a revocation list").unwrap();
        fs::write(
            dir.path().join("certificates/old.0"),
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        )
        .unwrap();

        let (user_key, proxy_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let user = named("user").signed_by(&user_key, &ca).unwrap();
        let proxy = named("user/proxy").signed_by(&proxy_key, &Issuer::new(named("user"), user_key)).unwrap();
        let proxy = format!("{}{}{}", proxy.pem(), proxy_key.serialize_pem(), user.pem());
        fs::write(dir.path().join("proxy"), proxy).unwrap();
        fs::write(dir.path().join("token"), "s3cret\n").unwrap();

        let server_key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let server = server.signed_by(&server_key, &ca).unwrap();
        let seen = Seen::default();
        let key = PrivateKeyDer::from_pem_slice(server_key.serialize_pem().as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(Arc::new(AnyProxy(seen.clone())))
            .with_single_cert(vec![server.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, Some(Arc::new(config)), seen.clone()));
        Grid { dir, url, seen }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn access(&self) -> PandaAccess {
        PandaAccess {
            servers: vec![self.url.clone()],
            authorities: self.path("certificates"),
            timeout: Duration::from_secs(20),
            ..PandaAccess::default()
        }
    }

    fn seen(&self) -> (usize, String) {
        self.seen.0.lock().unwrap().clone()
    }
}

async fn serve(listener: TcpListener, tls: Option<Arc<ServerConfig>>, seen: Seen) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        match &tls {
            None => answer(stream, &seen).await,
            Some(config) => {
                let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(config));
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream, &seen).await;
                }
            }
        }
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, seen: &Seen) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut bytes = [0u8; 1024];
        match stream.read(&mut bytes).await {
            Ok(read) if read > 0 => request.extend_from_slice(&bytes[..read]),
            _ => return,
        }
    }
    seen.0.lock().unwrap().1 = String::from_utf8(request).unwrap();
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
    let _ = stream.shutdown().await;
}

#[tokio::test]
async fn a_proxy_is_shown_with_its_chain() {
    let grid = Grid::start().await;
    let access = PandaAccess { proxy: grid.path("proxy"), ..grid.access() };
    let body = Panda::open(&access).unwrap().get("/api/v1/x?type=all").await.unwrap();
    let (certificates, request) = grid.seen();
    assert_eq!((body.as_slice(), certificates), (&b"ok"[..], 2));
    assert!(
        request.starts_with("GET /api/v1/x?type=all HTTP/1.1\r\n") && !request.contains("authorization"),
        "{request}"
    );
}

#[tokio::test]
async fn a_token_is_for_its_vo_and_never_travels_in_the_clear() {
    let grid = Grid::start().await;
    let access = PandaAccess { token_file: grid.path("token"), vo: "atlas".into(), ..grid.access() };
    Panda::open(&access).unwrap().get("/x").await.unwrap();
    let (certificates, request) = grid.seen();
    assert_eq!(certificates, 0);
    assert!(request.contains("authorization: Bearer s3cret\r\n") && request.contains("origin: atlas\r\n"), "{request}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, None, grid.seen.clone()));
    let access = PandaAccess { servers: vec![plain], ..access };
    Panda::open(&access).unwrap().get("/plain").await.unwrap();
    let request = grid.seen().1;
    assert!(request.starts_with("GET /plain ") && !request.contains("s3cret"), "{request}");
}

#[tokio::test]
async fn the_next_server_is_asked_and_strange_ones_are_refused() {
    let grid = Grid::start().await;
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("https://{}", listener.local_addr().unwrap())
    };
    let access = PandaAccess { servers: vec![gone, grid.url.clone()], ..grid.access() };
    Panda::open(&access).unwrap().get("/x").await.unwrap();
    let stranger = PandaAccess { authorities: grid.path("own/ca.pem"), ..grid.access() };
    let error = Panda::open(&stranger).unwrap().get("/x").await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_used_is_named() {
    let grid = Grid::start().await;
    let refused = |access: PandaAccess| Panda::open(&access).err().unwrap().to_string();
    let said = refused(PandaAccess { proxy: grid.path("none"), ..grid.access() });
    assert!(said.contains(&format!("failed to read {}: ", grid.path("none").display())), "{said}");
    let said = refused(PandaAccess { proxy: grid.path("token"), ..grid.access() });
    assert!(said.contains("failed to use the certificate and key of ") && !said.contains("s3cret"), "{said}");
    let said = refused(PandaAccess { authorities: grid.path("token"), ..grid.access() });
    assert!(said.contains("failed to find an authority in "), "{said}");
}
