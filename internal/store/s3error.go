package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
)

// A failure is what an error of a call says about the store.
type failure struct {
	what     error // a sentinel; ErrUnavailable if it may help to try again
	cause    error // without the URL, and with what to do
	answered bool  // there is a server
	expired  bool  // the credentials have
}

// Causes that no library names.
var (
	errUnconditional = errors.New("the server writes objects whatever the version that is there, " +
		"so two tasks could take the same part: use a server with conditional writes (If-Match and If-None-Match)")
	errSilent = errors.New("there was no answer in time")
)

// advice says what to do about codes with which trying again is of no use.
var advice = map[string]string{
	"InvalidAccessKeyId":    wrongCredentials,
	"SignatureDoesNotMatch": wrongCredentials,
	"InvalidClientTokenId":  wrongCredentials,
	"InvalidToken":          wrongCredentials,
	"XAdminUserNotFound":    wrongCredentials, // as versitygw says it
	"ExpiredToken":          oldCredentials,
	"ExpiredTokenException": oldCredentials,
	"AccessDenied": "what these credentials may do does not include it, or they are wrong: " +
		"let them list the bucket, and get, put and delete objects (s3:ListBucket, GetObject, PutObject, DeleteObject)",
	"NoSuchBucket":                 "there is no such bucket: make it, or check its name and the endpoint",
	"RequestTimeTooSkewed":         wrongClock,
	"RequestExpired":               wrongClock,
	"PermanentRedirect":            otherRegion,
	"TemporaryRedirect":            otherRegion,
	"AuthorizationHeaderMalformed": otherRegion,
	"InvalidRegion":                otherRegion,
}

const (
	wrongCredentials = "the server does not know these credentials: check the access key and the secret key"
	oldCredentials   = "the credentials have expired: get new ones"
	wrongClock       = "the clock of this machine is wrong: set it"
	otherRegion      = "the bucket is in another region: set AWS_REGION"
)

// passing are the codes with which a server asks to try again, whatever the status.
var passing = map[string]bool{
	"SlowDown": true, "SlowDownRead": true, "SlowDownWrite": true, "RequestTimeout": true, "InternalError": true,
	"ServiceUnavailable": true, "Throttling": true, "ThrottlingException": true, "RequestLimitExceeded": true,
	// What was sent did not arrive as it was.
	"XAmzContentSHA256Mismatch": true, "XAmzContentChecksumMismatch": true, "BadDigest": true, "IncompleteBody": true,
}

// judge says what an error of an attempt means. ctx is that of the attempt.
func judge(ctx context.Context, err error) failure {
	for _, what := range []error{ErrChanged, ErrDamaged} {
		if errors.Is(err, what) {
			return failure{what: what, answered: true}
		}
	}
	if response, ok := errors.AsType[minio.ErrorResponse](err); ok {
		return judgeResponse(response)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	_, unknownIssuer := errors.AsType[x509.UnknownAuthorityError](err)
	_, otherHost := errors.AsType[x509.HostnameError](err)
	_, badCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case errors.Is(err, errUnconditional):
		return failure{what: ErrRefused, cause: err, answered: true}
	case errors.Is(err, errNoCredentials):
		return failure{what: ErrRefused, cause: fmt.Errorf("%w: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "+
			"or AWS_PROFILE, or give this machine a role", err)}
	case unknownIssuer, otherHost, badCertificate:
		return failure{what: ErrRefused, cause: fmt.Errorf("%w: check the endpoint, and the certificates that this "+
			"machine trusts", err)}
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return failure{what: ErrRefused, cause: fmt.Errorf("%w: give the endpoint as http://HOST:PORT", err)}
	case context.Cause(ctx) != nil:
		err = context.Cause(ctx)
	}
	return failure{what: ErrUnavailable, cause: err}
}

// judgeResponse judges what a server says.
func judgeResponse(response minio.ErrorResponse) failure {
	status := response.StatusCode
	cause := fmt.Errorf("%d %s: %s", status, response.Code, strings.TrimSuffix(response.Error(), "."))
	if response.Code == response.Message { // there was no text, as in an answer to HEAD
		cause = errors.New(response.Code)
	}
	switch {
	case response.Code == "NotImplemented" || status == http.StatusNotImplemented:
		return failure{what: ErrRefused, cause: fmt.Errorf("%w: use a server with conditional writes "+
			"(If-Match and If-None-Match)", cause), answered: true}
	case passing[response.Code], status == http.StatusConflict, status == http.StatusRequestTimeout,
		status == http.StatusTooManyRequests, status >= 500:
		return failure{what: ErrUnavailable, cause: cause, answered: true}
	case advice[response.Code] != "":
		cause = fmt.Errorf("%w: %s", cause, advice[response.Code])
		if advice[response.Code] == otherRegion && response.Region != "" {
			cause = fmt.Errorf("%w to %s", cause, response.Region)
		}
	default:
		cause = fmt.Errorf("%w: check credentials, bucket and endpoint", cause)
	}
	expired := strings.HasPrefix(response.Code, "ExpiredToken")
	return failure{what: ErrRefused, cause: cause, answered: true, expired: expired}
}

// isCode reports whether a server gave one of these codes.
func isCode(err error, codes ...string) bool {
	response, ok := errors.AsType[minio.ErrorResponse](err)
	for _, code := range codes {
		if ok && response.Code == code {
			return true
		}
	}
	return false
}

// noObject reports whether a server says that there is no such object.
func noObject(err error) bool { return isCode(err, minio.NoSuchKey) }

// otherVersion reports whether a server says that the version of the object is not the one of the condition.
func otherVersion(err error) bool { return isCode(err, minio.PreconditionFailed) }
