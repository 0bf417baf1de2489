package output

import (
	_ "embed"
	"time"

	"stsscan/internal/codes"
)

// mxSource is this file: see source.
//
//go:embed mxhost.go
var mxSource string

// An MXHost is one element of the column mx: an MX record of the domain, or its implicit MX, and what
// was seen of the host. Pointers that are nil are NULL. The comments are entries of the data
// dictionary, as those of [Row] are.
type MXHost struct {
	Host          string     `parquet:"host"`                                           // in A-labels, lower case, no final dot
	Preference    int32      `parquet:"preference"`                                     // of the MX record; 0 for an implicit MX
	Matched       *bool      `parquet:"matched,optional"`                               // a pattern of the policy covers it (section 4.1)
	TLSA          *string    `parquet:"tlsa,optional,dict"`                             // its TLSA records for port 25 (RFC 7672): codes.TLSA
	Addr          *string    `parquet:"addr,optional"`                                  // address that was probed, or that a provisional row waits for
	STARTTLS      *string    `parquet:"starttls,optional,dict"`                         // how the probe ended: codes.STARTTLS
	FirstSTARTTLS *string    `parquet:"first_starttls,optional,dict"`                   // how the first probe ended, where one of a later pass counts instead: codes.STARTTLS
	ReplyCode     *int32     `parquet:"reply_code,optional"`                            // SMTP reply code that decided how the probe ended, where one did
	TLSVersion    *string    `parquet:"tls_version,optional,dict"`                      // as in "1.3"
	TLSError      *string    `parquet:"tls_error,optional,dict"`                        // why the handshake or the certificate was not accepted: codes.TLSError
	CertSHA256    *string    `parquet:"cert_sha256,optional"`                           // of the leaf certificate's DER, in hexadecimal
	CertNotAfter  *time.Time `parquet:"cert_not_after,optional,timestamp(microsecond)"` // end of its validity; NULL where its year is not 1 to 9999
}

// texts are the text fields of h, "" for NULL.
func (h *MXHost) texts() [8]string {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return [...]string{
		h.Host, text(h.TLSA), text(h.Addr), text(h.STARTTLS), text(h.FirstSTARTTLS), text(h.TLSVersion),
		text(h.TLSError), text(h.CertSHA256),
	}
}

// Doubtful reports whether the host was probed once, and another probe may end differently.
func (h *MXHost) Doubtful() bool {
	return h.STARTTLS != nil && h.FirstSTARTTLS == nil && codes.STARTTLS(*h.STARTTLS).Doubtful()
}
