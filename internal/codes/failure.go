package codes

// A RecordFailure is an error that says why there is no reply, or no usable one.
// The reason is empty where the fault is the observer's.
type RecordFailure interface {
	error
	RecordReason() RecordReason
}

// A PolicyFailure is an error that says where retrieval ended, and why.
type PolicyFailure interface {
	error
	PolicyStage() Stage
	PolicyReason() PolicyReason
}

// A TLSFailure is an error that says why a handshake or a certificate was not
// accepted. It is empty where TLS was not the matter.
type TLSFailure interface {
	error
	TLSError() TLSError
}
