package simnet

import "stsscan/internal/codes"

// Truth is what a perfect observer concludes about one Policy Domain. A field
// is named after the column of the table that it is compared with. Empty
// strings, slices and nil pointers stand for NULL; a text world leaves empty
// what its truth line does not say.
type Truth struct {
	Class string // name of the story that the world tells about the domain; for people

	Record       codes.Record
	RecordReason codes.RecordReason
	RecordID     string
	CNAMEs       []string       // aliases from _mta-sts.<domain>, in order: targets, lower case, no final dot
	Error        codes.Sentinel // of the lookup or the fetch; empty when all is well

	Policy     codes.Policy
	Stage      codes.Stage // at which retrieval failed
	Reason     codes.PolicyReason
	TLSError   codes.TLSError
	HTTPStatus int // 0: no response
	HostCNAMEs []string

	Mode   codes.Mode
	MaxAge *int64   // seconds
	MX     []string // patterns as published, in order

	Strict, Lenient *bool // the two readings of every text that can be read; nil: there is none
}
