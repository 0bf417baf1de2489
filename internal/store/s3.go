package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"strings"

	"github.com/minio/minio-go/v7"
)

var _ Store = (*S3)(nil)

// mostOctets is how much memory is made ready for an object because a server says that it is so large.
const mostOctets = 64 << 20

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
		return context.Cause(ctx) // the library ends a list without an error when its context does
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
