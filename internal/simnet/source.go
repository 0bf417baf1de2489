package simnet

import (
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// A source is the content of a world: a text, or a generated population. Its methods are pure: the same
// question has the same answer for the life of the world, from any goroutine.
type source interface {
	// step answers one question from the data of its owner name alone; the server follows aliases by asking again.
	// name is lower case, without the final dot.
	step(name string, qtype uint16) step
	// tcp says how the address answers a connection on port 443.
	tcp(addr netip.Addr) tcpPlay
	// site says what the web server behind a Server Name Indication does.
	site(sni string) site
	// smtp says how the mail server at an address talks on port 25, if there is one.
	smtp(addr netip.Addr) (smtpPlay, bool)
	// mailSite says how a mail server shakes hands for a host name.
	mailSite(sni string) site
	// truth says what a perfect observer concludes about a Policy Domain; ok is false where the source does not
	// know.
	truth(domain string, rank int64) (t Truth, ok bool)
}

// A step is the answer to one question, before aliases are followed.
type step struct {
	rcode int      // dns.RcodeSuccess, RcodeNameError, or an error code
	rrs   []dns.RR // RRset asked for, or one CNAME, or a DNAME and the CNAME made from it
	zone  string   // apex of the zone that holds the name: the owner of a denial's SOA
	fault dnsFault // what is wrong with the way the answer is given
	ede   uint16   // extended DNS error (RFC 8914) beside the answer; 0: none
}

// A dnsFault is something that a name server does instead of answering well.
type dnsFault uint8

const (
	dnsFine        dnsFault = iota
	dnsSilent               // never answers, on UDP and on TCP
	dnsTruncate             // answers UDP with TC and nothing else; TCP gives the answer
	dnsTruncateUDP          // answers UDP with TC, and refuses TCP
	dnsReferral             // NOERROR, no answer, a name server and no SOA
	dnsFiltered             // NXDOMAIN with extended error 17
	dnsFirstHop             // gives the alias alone and leaves the rest to the asker
	dnsGarbage              // sends bytes that are no DNS message, then nothing: to be ignored, so a time-out
	dnsMalformed            // sends a reply to the question that cannot be parsed
	dnsRebind               // changes its mind: every second address is that of the loopback interface
	dnsFlood                // TXT records beside those of the name, as many as a message of 64 KiB holds
	dnsStray                // denies with the SOA of a zone that the name is not in
	dnsNoSOA                // denies with an empty authority section: RFC 2308, section 2.2, type 3
)

// A tcpPlay is how an address meets a connection.
type tcpPlay uint8

const (
	tcpServe       tcpPlay = iota
	tcpRefuse              // RST to the SYN
	tcpSilent              // the SYN is dropped
	tcpUnreachable         // ICMP host unreachable
	tcpReset               // accepted, then reset before a byte is sent: seen in the handshake (stage tls, reset)
	tcpNameless            // serves, and has the hoster's certificate for clients that name no host
	tcpAbort               // the connection fails with ECONNRESET
	tcpOdd                 // it fails in a way that has no word of its own
	tcpNoHandshake         // serves, and ends every handshake with alert 40
)

// A tlsPlay is how a server behaves in the handshake.
type tlsPlay uint8

const (
	tlsGood             tlsPlay = iota // a certificate for exactly the name asked for
	tlsWildcard                        // a certificate for *.<domain>
	tlsWrongName                       // a certificate for the hoster's names
	tlsCommonName                      // the name in the subject's CN, none in the SAN
	tlsPartialWildcard                 // SAN mta*.<domain>
	tlsParentWildcard                  // SAN *.<parent of domain>: one label too few
	tlsExpired                         // not after is in the past
	tlsNotYetValid                     // not before is in the future
	tlsSelfSigned                      // signed by its own key
	tlsUnknownAuthority                // a whole chain to an untrusted root
	tlsIncompleteChain                 // a good leaf, and its intermediate not sent
	tlsNoCertForName                   // alert 112, unrecognized_name
	tlsHandshakeFailure                // alert 40
	tlsInternalError                   // alert 80
	tlsOldVersion                      // TLS 1.1 at most
	tlsPlainHTTP                       // answers the ClientHello with an HTTP/1.1 400
	tlsNotTLS                          // answers it with an SMTP banner
	tlsSilent                          // reads the ClientHello and says nothing
	tlsReset                           // resets after the ClientHello
	tlsManyNames                       // a certificate for the name asked for and 5,000 others
	tlsMostNames                       // and 7,000 others: about as many as a client takes
	tlsLongNames                       // a certificate for 99 other names of 250 octets each
	tlsForClients                      // a certificate that is not for servers
	tlsOversize                        // a certificate of 300 KiB
	tlsLongChain                       // a chain of 700 certificates
	tlsStrange                         // a handshake message that there is not
	tlsAlertFlood                      // warnings without end
	tlsEmptyFlood                      // empty records without end
	tlsEndlessMessage                  // a ServerHello that says it has 8 MiB
	tlsDrip                            // an octet of the ServerHello a second
	tlsEnd                             // ends the connection after the ClientHello
	tlsClientCert                      // insists on a certificate of the client
	tlsHTTP2Only                       // speaks HTTP/2 and nothing else
	tlsAlienChain                      // a chain to an untrusted root, which is not sent
	tlsSHA1Chain                       // an intermediate of the trusted root that is signed with SHA-1
	tlsShortKey                        // a leaf with a key of RSA of 1024 bits
	tlsTinyKey                         // one of 512 bits
	tlsCBCSuite                        // of cipher suites ECDHE with CBC and SHA-256 alone
	tlsStaticRSA                       // static RSA alone
	tlsInsufficient                    // alert 71, insufficient_security
	tlsForcedHTTP2                     // selects h2, whatever was offered
)

// A site is what the web server of one host name does.
type site struct {
	tls      tlsPlay
	hoster   string      // domain of the hoster, for a wrong-name certificate
	domain   string      // Policy Domain of the host; empty: the host without its first label
	status   int         // HTTP status; 0 means 200
	header   [][2]string // fields; Content-Type is text/plain unless it is here, and left out where it is here and empty
	body     []byte
	bodyPlay bodyPlay
	delay    delay
}

// A delay is how slow a web server is.
type delay struct {
	handshake time.Duration // before its part of the handshake
	header    time.Duration // before the response header
	body      time.Duration // over which the body is sent
}

// A bodyPlay is how the HTTP response is sent.
type bodyPlay uint8

const (
	bodyContentLength bodyPlay = iota // Content-Length and the whole body
	bodyChunked                       // chunked, whole
	bodyClose                         // no length: the end is the close
	bodyShort                         // Content-Length says more than is sent
	bodyDrip                          // an octet a second
	bodyEndless                       // never stops
	bodyHeaderFlood                   // header fields without end
	bodyHeaderDrip                    // header octets, one a second
	bodySilent                        // reads the request and says nothing
	bodyGarbage                       // not HTTP
	bodyReset                         // resets in the middle of the body
	bodyBomb                          // gzip of 100 MiB, chunked
	bodyHintFlood                     // 103 responses without end
	bodyChunkFlood                    // chunk extensions without end
	bodyHangUp                        // reads the request and ends the connection
	bodyCutOff                        // reads the request and resets the connection
	bodyBadChunks                     // chunks that are none
	bodyBare                          // the body alone, as in HTTP/0.9
	bodyFrames                        // frames of HTTP/2
	bodyStatusFlood                   // a status line without end
	bodyTrailerFlood                  // the whole body in chunks, then trailer fields without end
	bodyTwice                         // two responses to one request, the second with another policy
	bodyAbrupt                        // no length, and no word of TLS at the end
	bodyBothLengths                   // chunked, whole, beside a Content-Length that is less
)
