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

// An MXHost is one element of the column mx: an MX record of the domain, or its implicit MX, and what was seen of
// the host. Pointers that are nil are NULL. Comments and tags are as those of [Row].
type MXHost struct {
	Host          string     `parquet:"host" rfc:"RFC 5321, 5.1"`                                         // in A-labels, lower case, no final dot
	Preference    int32      `parquet:"preference" rfc:"RFC 5321, 5.1"`                                   // of the MX record; 0 for an implicit MX
	Matched       *bool      `parquet:"matched,optional" rfc:"4.1"`                                       // a pattern of the policy covers it (section 4.1)
	TLSA          *string    `parquet:"tlsa,optional,dict" rfc:"RFC 7672, 2.2" words:"TLSAs"`             // its TLSA records for port 25 (RFC 7672)
	Addr          *string    `parquet:"addr,optional"`                                                    // address that was probed, or that a provisional row waits for
	STARTTLS      *string    `parquet:"starttls,optional,dict" rfc:"RFC 3207, 4" words:"STARTTLSs"`       // how the probe ended
	FirstSTARTTLS *string    `parquet:"first_starttls,optional,dict" rfc:"RFC 3207, 4" words:"STARTTLSs"` // how the first probe ended, where one of a later pass counts instead
	ReplyCode     *int32     `parquet:"reply_code,optional" rfc:"RFC 5321, 4.2"`                          // SMTP reply code that decided how the probe ended, where one did
	TLSVersion    *string    `parquet:"tls_version,optional,dict" rfc:"RFC 8446, 4.1"`                    // as in "1.3"
	TLSError      *string    `parquet:"tls_error,optional,dict" rfc:"4.2" words:"TLSErrors"`              // why the handshake or the certificate was not accepted
	CertSHA256    *string    `parquet:"cert_sha256,optional"`                                             // of the leaf certificate's DER, in hexadecimal
	CertNotAfter  *time.Time `parquet:"cert_not_after,optional,timestamp(microsecond)" rfc:"4.2"`         // end of its validity; NULL where its year is not 1 to 9999
}

// textOf is the text of a field; empty for NULL.
func textOf(field *string) string {
	if field == nil {
		return ""
	}
	return *field
}

// Doubtful reports whether the host was probed once, and another probe may end differently.
func (h *MXHost) Doubtful() bool {
	return h.STARTTLS != nil && h.FirstSTARTTLS == nil && codes.STARTTLS(*h.STARTTLS).Doubtful()
}
