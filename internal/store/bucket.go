package store

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"
)

// S3 is a bucket of an S3 server, or what stands there under a prefix. An object is put by one request, on the
// condition that its version is still the one that it replaces. Its SHA-256 stands beside it as metadata, and Get
// holds what it reads against that; an object that another program has put has none, and is not checked. The version
// of an object is its ETag.
type S3 struct {
	config      Config
	bucket      string
	prefix      string // "", or with a slash at its end
	client      *minio.Core
	credentials *credentials.Credentials
	answered    atomic.Bool // the server has answered a call
	conditional atomic.Bool // the server is known to have conditional writes
	found       atomic.Bool // the bucket is known to be there
}

// hashKey is the metadata with the SHA-256 of an object, as the library spells it.
const hashKey = "Sha256"

func newS3(bucket, prefix string, c Config) (*S3, error) {
	if prefix != "" {
		prefix += "/"
	}
	s := &S3{config: c, bucket: bucket, prefix: prefix, credentials: credentialsOf(c)}
	if err := s3utils.CheckValidBucketNameStrict(bucket); err != nil {
		return nil, fmt.Errorf("the bucket of %s: %w: %w", s, ErrRefused, err)
	}
	host, secure, err := c.address()
	if err != nil {
		return nil, err
	}
	s.client, err = minio.NewCore(host, &minio.Options{
		Creds: s.credentials, Secure: secure, Region: c.Region, MaxRetries: 1,
		Transport: conditionalDelete{&http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: c.Dial, TLSHandshakeTimeout: 10 * time.Second,
			MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("the endpoint %s: %w: %w", c.Endpoint, ErrRefused, err)
	}
	return s, nil
}

// String is the location.
func (s *S3) String() string { return "s3://" + s.bucket + "/" + s.prefix }

// put puts an object by one request.
func (s *S3) put(ctx context.Context, name string, content []byte, hash string, was Version) (Version, error) {
	options := minio.PutObjectOptions{
		UserMetadata: map[string]string{hashKey: hash},
		// The signature covers the hash of the whole, so the server checks what has arrived.
		DisableContentSha256: true,
	}
	if was == Absent {
		options.SetMatchETagExcept("*")
	} else {
		options.SetMatchETag(string(was))
	}
	info, err := s.client.PutObject(ctx, s.bucket, s.prefix+name, bytes.NewReader(content), int64(len(content)), "", hash,
		options)
	return Version(info.ETag), err
}

// head asks for what is known about an object. The answer to such a request has no text, so that no object and no
// bucket look the same: then the bucket is asked for.
func (s *S3) head(ctx context.Context, name string) (minio.ObjectInfo, error) {
	info, err := s.client.StatObject(ctx, s.bucket, s.prefix+name, minio.StatObjectOptions{})
	if noObject(err) && !s.found.Load() {
		for listed := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix, MaxKeys: 1}) {
			if listed.Err != nil {
				return minio.ObjectInfo{}, listed.Err
			}
			break
		}
		s.found.Store(true)
	}
	return info, err
}

// matchKey is the key of the version that a deletion expects, in the context of its request.
type matchKey struct{}

// ifMatch makes the removal of an object depend on its version.
func ifMatch(ctx context.Context, was Version) context.Context {
	return context.WithValue(ctx, matchKey{}, was)
}

// conditionalDelete adds the condition to a deletion, which the library does not know.
type conditionalDelete struct{ http.RoundTripper }

// RoundTrip sends a request.
func (c conditionalDelete) RoundTrip(request *http.Request) (*http.Response, error) {
	was, ok := request.Context().Value(matchKey{}).(Version)
	if ok && request.Method == http.MethodDelete {
		request = request.Clone(request.Context())
		request.Header.Set("If-Match", `"`+string(was)+`"`)
	}
	return c.RoundTripper.RoundTrip(request)
}
