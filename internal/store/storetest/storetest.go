// Package storetest is for tests of stores, and of what uses them: one suite for all stores, races, and stores and
// servers that fail.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/store"
)

// Conform holds a store against what [store.Store] promises. Each call of open is for an empty store.
func Conform(t *testing.T, open func(t *testing.T) store.Store) {
	for name, test := range map[string]func(*testing.T, store.Store){
		"absent":     conformAbsent,
		"replaced":   conformReplaced,
		"removed":    conformRemoved,
		"contents":   conformContents,
		"names":      conformNames,
		"listed":     conformListed,
		"cancelled":  conformCancelled,
		"own octets": conformOwnOctets,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func conformAbsent(t *testing.T, s store.Store) {
	_, _, err := s.Get(t.Context(), "run.json")
	wantError(t, "get", err, fs.ErrNotExist)
	_, err = s.Stat(t.Context(), "run.json")
	wantError(t, "stat", err, fs.ErrNotExist)
	wantNames(t, s, "")
	wantError(t, "remove", s.Remove(t.Context(), "run.json", "1"), nil)
	wantError(t, "remove", s.Remove(t.Context(), "run.json", store.Absent), nil)
	_, err = s.Put(t.Context(), "run.json", []byte("new"), "1")
	wantError(t, "replace", err, store.ErrChanged)
	wantNames(t, s, "")
	if s.String() == "" {
		t.Error("the store has no location")
	}
}

func conformReplaced(t *testing.T, s store.Store) {
	first := put(t, s, "run.json", "one", store.Absent)
	wantContent(t, s, "run.json", "one", first)
	for _, content := range []string{"one", "two"} {
		_, err := s.Put(t.Context(), "run.json", []byte(content), store.Absent)
		wantError(t, "put what is there", err, store.ErrChanged)
	}
	second := put(t, s, "run.json", "two", first)
	wantContent(t, s, "run.json", "two", second)
	if first == second || second == store.Absent {
		t.Errorf("two contents have the versions %q and %q", first, second)
	}
	_, err := s.Put(t.Context(), "run.json", []byte("three"), first)
	wantError(t, "replace an older version", err, store.ErrChanged)
	wantContent(t, s, "run.json", "two", second)
}

func conformRemoved(t *testing.T, s store.Store) {
	first := put(t, s, "claim.json", "one", store.Absent)
	second := put(t, s, "claim.json", "two", first)
	wantError(t, "remove an older version", s.Remove(t.Context(), "claim.json", first), store.ErrChanged)
	wantError(t, "remove none", s.Remove(t.Context(), "claim.json", store.Absent), store.ErrChanged)
	wantContent(t, s, "claim.json", "two", second)
	wantError(t, "remove", s.Remove(t.Context(), "claim.json", second), nil)
	wantError(t, "remove again", s.Remove(t.Context(), "claim.json", second), nil)
	_, _, err := s.Get(t.Context(), "claim.json")
	wantError(t, "get", err, fs.ErrNotExist)
	_, err = s.Put(t.Context(), "claim.json", []byte("three"), second)
	wantError(t, "replace what was removed", err, store.ErrChanged)
	put(t, s, "claim.json", "four", store.Absent)
}

func conformContents(t *testing.T, s store.Store) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for name, content := range map[string][]byte{
		"empty":  {},
		"octets": all,
		"lines":  []byte("a\r\nb\n\n"),
		"large":  bytes.Repeat(all, 6<<12), // 6 MiB: more than the smallest part of an upload in parts
	} {
		version := put(t, s, name, string(content), store.Absent)
		wantContent(t, s, name, string(content), version)
	}
}

func conformNames(t *testing.T, s store.Store) {
	good := []string{"chunks/000/chunk-000001.zst", "a b+c%20d&e=f#g.json", "(x)!'@$,;[]^`{}~_-", "..x/y"}
	for _, name := range good[:len(good)-1] {
		version := put(t, s, name, name, store.Absent)
		wantContent(t, s, name, name, version)
	}
	wantNames(t, s, "", good[2], good[1], good[0])
	for _, name := range []string{
		"", ".", "/", "/a", "a/", "a//b", "../a", "a/../b", "./a", ".lock", "a/.b", good[3], "ä", "a\x00", "a\nb", `a\b`, "a:b",
	} {
		_, err := s.Put(t.Context(), name, nil, store.Absent)
		wantError(t, fmt.Sprintf("put %q", name), err, store.ErrRefused)
		_, _, err = s.Get(t.Context(), name)
		wantError(t, fmt.Sprintf("get %q", name), err, store.ErrRefused)
		_, err = s.Stat(t.Context(), name)
		wantError(t, fmt.Sprintf("stat %q", name), err, store.ErrRefused)
		wantError(t, fmt.Sprintf("remove %q", name), s.Remove(t.Context(), name, "1"), store.ErrRefused)
	}
}

func conformListed(t *testing.T, s store.Store) {
	var names []string
	for i := range 23 {
		names = append(names, fmt.Sprintf("part-%06d.parquet", i))
	}
	names = append(names, "a/b", "a/b/c/d", "a.b", "a0", "a/c", "run-1-of-2.json", "run-2-of-2.json", "run.json")
	names = slices.DeleteFunc(names, func(name string) bool { return name == "a/b" }) // a file or a directory, not both
	for _, name := range names {
		put(t, s, name, name, store.Absent)
	}
	slices.Sort(names)
	for _, prefix := range []string{
		"", "part-", "part-00001", "part-000001.parquet", "run", "run-", "a", "a/", "a/b", "a/b/", "a/b/c/d", "b", "run.json/",
		"none/", "../", "part-000001.parquet/x", "/", "//",
	} {
		var want []string
		for _, name := range names {
			if strings.HasPrefix(name, prefix) {
				want = append(want, name)
			}
		}
		wantNames(t, s, prefix, want...)
	}
}

func conformCancelled(t *testing.T, s store.Store) {
	version := put(t, s, "run.json", "one", store.Absent)
	stopped := errors.New("stopped by the test")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	_, err := s.Put(ctx, "run.json", []byte("two"), version)
	wantError(t, "put", err, stopped)
	_, _, err = s.Get(ctx, "run.json")
	wantError(t, "get", err, stopped)
	_, err = s.Stat(ctx, "run.json")
	wantError(t, "stat", err, stopped)
	_, err = s.List(ctx, "")
	wantError(t, "list", err, stopped)
	wantError(t, "remove", s.Remove(ctx, "run.json", version), stopped)
	wantContent(t, s, "run.json", "one", version)
}

// conformOwnOctets changes what was given to the store, and what came from it.
func conformOwnOctets(t *testing.T, s store.Store) {
	content := []byte("one")
	version, err := s.Put(t.Context(), "run.json", content, store.Absent)
	wantError(t, "put", err, nil)
	content[0] = 'x'
	got, _, err := s.Get(t.Context(), "run.json")
	wantError(t, "get", err, nil)
	got[1] = 'x'
	wantContent(t, s, "run.json", "one", version)
}

func put(t *testing.T, s store.Store, name, content string, was store.Version) store.Version {
	t.Helper()
	version, err := s.Put(t.Context(), name, []byte(content), was)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// wantError fails unless the error is the wanted one, and no other that a store may have.
func wantError(t *testing.T, action string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || want == nil && got != nil {
		t.Fatalf("%s: the error is %v, not %v", action, got, want)
	}
	for _, other := range []error{
		store.ErrChanged, store.ErrRefused, store.ErrUnavailable, store.ErrDamaged, fs.ErrNotExist,
	} {
		if other != want && errors.Is(got, other) {
			t.Errorf("%s: the error %v is %v too", action, got, other)
		}
	}
}

func wantContent(t *testing.T, s store.Store, name, content string, version store.Version) {
	t.Helper()
	want := store.Object{Name: name, Size: int64(len(content)), Version: version}
	got, object, err := s.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != content || object != want {
		t.Errorf("%s has %d octets, %+v, not the %d of %+v", name, len(got), object, len(content), want)
	}
	if stat, err := s.Stat(t.Context(), name); err != nil || stat != want {
		t.Errorf("%s is %+v, %v, not %+v", name, stat, err, want)
	}
}

// wantNames holds the names that begin with prefix, and what is said of them.
func wantNames(t *testing.T, s store.Store, prefix string, want ...string) {
	t.Helper()
	objects, err := s.List(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, object := range objects {
		got = append(got, object.Name)
		if object.Size == 0 || object.Version != store.Absent {
			t.Errorf("in the list is %+v", object)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("with %q begin %q, not %q", prefix, got, want)
	}
}
