//! Serving: TCP or TLS, HTTP/1.1, and what keeps slow or too many connections from harming the others. Client certificates
//! are asked for, never required: submitters' machines have them, people's browsers do not.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use sha2::Digest as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::guard::{Peer, router};
use super::site::{Site, network};

/// A request's head has to have come whole within this time: a slow sender holds no connection for long.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// A TLS handshake has to be done within this time.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Connections at the same time; more wait in the kernel's queue.
const CONNECTIONS: usize = 1024;
/// Of these, connections of one address (one network of IPv6): nobody alone takes all places.
const CONNECTIONS_OF_ONE: usize = CONNECTIONS / 2;
/// After the wish to stop, open requests have this long to end.
const GRACE: Duration = Duration::from_secs(10);

/// TLS from PEM texts: the server's chain and key, and the authorities whose client certificates are accepted (may be empty).
///
/// # Errors
/// What is wrong with the texts, in words without any key.
pub fn tls(chain: &[u8], key: &[u8], client_authorities: Option<&[u8]>) -> Result<Arc<ServerConfig>, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let certificates = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| format!("certificate: {e}"))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| "no private key in PEM".to_owned())?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?;
    let builder = match client_authorities {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = rustls::RootCertStore::empty();
            for authority in CertificateDer::pem_slice_iter(pem) {
                let authority = authority.map_err(|e| format!("client authority: {e}"))?;
                roots.add(authority).map_err(|e| format!("client authority: {e}"))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()
                .map_err(|e| format!("client authorities: {e}"))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(certificates, key).map_err(|e| format!("certificate: {e}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Serves until `stop` turns true, then lets open requests end.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve(
    site: Arc<Site>,
    listener: std::net::TcpListener,
    tls: Option<Arc<ServerConfig>>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let app = router(&site);
    let acceptor = tls.map(TlsAcceptor::from);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let seats: Arc<Seats> = Arc::default();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        // A connection that failed before it was accepted concerns nobody else; a full table of files passes.
        let Ok((stream, address)) = accepted else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let Some(seat) = Seat::take(&seats, address.ip()) else {
            site.counts.refuse("TOO_MANY_CONNECTIONS");
            continue;
        };
        let (app, acceptor, site) = (app.clone(), acceptor.clone(), Arc::clone(&site));
        let stop = stop.clone();
        tokio::spawn(async move {
            connection(&site, app, acceptor, stream, address, stop).await;
            drop((place, seat));
        });
    }
    drop(
        tokio::time::timeout(GRACE, places.acquire_many(u32::try_from(CONNECTIONS).unwrap_or(u32::MAX)))
            .await,
    );
    Ok(())
}

/// How many connections each address has open.
type Seats = Mutex<HashMap<IpAddr, usize>>;

/// One connection of an address, as long as it is open.
struct Seat {
    seats: Arc<Seats>,
    of: IpAddr,
}

impl Seat {
    fn take(seats: &Arc<Seats>, address: IpAddr) -> Option<Self> {
        let of = network(address);
        let mut open = seats.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = open.entry(of).or_default();
        if *taken >= CONNECTIONS_OF_ONE {
            return None;
        }
        *taken += 1;
        drop(open);
        Some(Self { seats: Arc::clone(seats), of })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = open.get_mut(&self.of) {
            *taken -= 1;
            if *taken == 0 {
                open.remove(&self.of);
            }
        }
    }
}

async fn connection(
    site: &Site,
    app: Router,
    acceptor: Option<TlsAcceptor>,
    stream: TcpStream,
    address: SocketAddr,
    stop: watch::Receiver<bool>,
) {
    // Small answers go out at once.
    drop(stream.set_nodelay(true));
    let mut peer = Peer { address: address.ip(), certificate: None };
    match acceptor {
        None => speak(site, app, TokioIo::new(stream), peer, stop).await,
        Some(acceptor) => {
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await else {
                return;
            };
            let certificates = stream.get_ref().1.peer_certificates();
            peer.certificate = certificates.and_then(|all| all.first()).map(|c| fingerprint(c));
            speak(site, app, TokioIo::new(stream), peer, stop).await;
        }
    }
}

/// SHA-256 of a certificate's DER, hexadecimal: how a client certificate is named.
#[must_use]
pub fn fingerprint(der: &[u8]) -> String {
    musubi_model::ids::to_hex(&sha2::Sha256::digest(der))
}

async fn speak<S>(site: &Site, app: Router, io: TokioIo<S>, peer: Peer, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let app = app.clone();
        let peer = peer.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            app.oneshot(request).await
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(64 << 10);
    let connection = builder.serve_connection(io, service);
    let mut connection = std::pin::pin!(connection);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                // What a client breaks off is its own affair; what is no HTTP, or comes too slowly, is counted.
                match ended {
                    Err(e) if e.is_parse() => site.counts.refuse("NO_HTTP"),
                    Err(e) if e.is_timeout() => site.counts.refuse("SLOW_HEAD"),
                    _ => {}
                }
                return;
            }
            _ = stop.changed() => connection.as_mut().graceful_shutdown(),
        }
    }
}
