package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
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

var _ Store = (*S3)(nil)

// hashKey is the metadata with the SHA-256 of an object, as the library spells it.
const hashKey = "Sha256"

// mostOctets is how much memory is made ready for an object because a server says that it is so large.
const mostOctets = 64 << 20

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

// Put writes an object. See [Store].
func (s *S3) Put(ctx context.Context, name string, content []byte, was Version) (version Version, err error) {
	if err := checkName(name); err != nil {
		return Absent, failed(ctx, s, "put", name, err, nil)
	}
	hash := string(versionOf(content))
	err = s.try(ctx, "put", name, func(ctx context.Context, a *attempt) error {
		if err := s.checkConditions(ctx); err != nil {
			return err
		}
		a.carry(int64(len(content)))
		put, err := s.put(ctx, name, content, hash, was)
		switch {
		case err == nil:
			version = put
			return nil
		case !otherVersion(err) && !noObject(err):
			return err
		case !a.again:
			return ErrChanged
		}
		// It may have been this call that changed it: its request took effect, and the answer was lost.
		now, err := s.head(ctx, name)
		if err != nil && !noObject(err) {
			return err
		}
		if err != nil || now.UserMetadata[hashKey] != hash {
			return ErrChanged
		}
		version = Version(now.ETag)
		return nil
	})
	return version, err
}

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

// Get reads an object. See [Store].
func (s *S3) Get(ctx context.Context, name string) (content []byte, object Object, err error) {
	if err := checkName(name); err != nil {
		return nil, Object{}, failed(ctx, s, "get", name, err, nil)
	}
	err = s.try(ctx, "get", name, func(ctx context.Context, a *attempt) error {
		body, info, _, err := s.client.GetObject(ctx, s.bucket, s.prefix+name, minio.GetObjectOptions{})
		if noObject(err) {
			return fs.ErrNotExist
		}
		if err != nil {
			return err
		}
		defer body.Close()
		a.carry(info.Size)
		var read bytes.Buffer
		read.Grow(int(min(info.Size+bytes.MinRead, mostOctets)))
		if _, err := io.Copy(&read, body); err != nil {
			return err
		}
		content = read.Bytes()
		object = Object{Name: name, Size: int64(len(content)), Version: Version(info.ETag)}
		sum := sha256.Sum256(content)
		if want := info.UserMetadata[hashKey]; want != "" && want != hex.EncodeToString(sum[:]) {
			return ErrDamaged
		}
		return nil
	})
	if err != nil {
		return nil, Object{}, err
	}
	return content, object, nil
}

// Stat asks for the size and the version of an object. See [Store].
func (s *S3) Stat(ctx context.Context, name string) (object Object, err error) {
	if err := checkName(name); err != nil {
		return Object{}, failed(ctx, s, "look at", name, err, nil)
	}
	err = s.try(ctx, "look at", name, func(ctx context.Context, _ *attempt) error {
		info, err := s.head(ctx, name)
		if noObject(err) {
			return fs.ErrNotExist
		}
		object = Object{Name: name, Size: info.Size, Version: Version(info.ETag)}
		return err
	})
	if err != nil {
		return Object{}, err
	}
	return object, nil
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

// List lists objects. See [Store].
func (s *S3) List(ctx context.Context, prefix string) (objects []Object, err error) {
	if !canBegin(prefix) {
		return nil, nil
	}
	err = s.try(ctx, "list", prefix+"*", func(ctx context.Context, _ *attempt) error {
		objects = nil
		options := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}
		for listed := range s.client.ListObjectsIter(ctx, s.bucket, options) {
			if listed.Err != nil {
				return listed.Err
			}
			name, ok := strings.CutPrefix(listed.Key, s.prefix)
			if ok && checkName(name) == nil {
				objects = append(objects, Object{Name: name, Size: listed.Size})
			}
		}
		return context.Cause(ctx)
	})
	if err != nil {
		return nil, err
	}
	sortByName(objects)
	return objects, nil
}

// Remove removes an object. See [Store]. Where a server has no conditional deletion, another process can write the
// object between the look at its version and its removal.
func (s *S3) Remove(ctx context.Context, name string, was Version) error {
	if err := checkName(name); err != nil {
		return failed(ctx, s, "remove", name, err, nil)
	}
	return s.try(ctx, "remove", name, func(ctx context.Context, _ *attempt) error {
		info, err := s.head(ctx, name)
		if noObject(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if Version(info.ETag) != was {
			return ErrChanged
		}
		err = s.client.RemoveObject(ifMatch(ctx, was), s.bucket, s.prefix+name, minio.RemoveObjectOptions{})
		if isCode(err, minio.NotImplemented) {
			err = s.client.RemoveObject(ctx, s.bucket, s.prefix+name, minio.RemoveObjectOptions{})
		}
		switch {
		case noObject(err):
			return nil
		case otherVersion(err):
			return ErrChanged
		}
		return err
	})
}
