package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"stsscan/internal/domains"
)

// A slowList is a list of one name that does not end before something is shown.
type slowList struct {
	*strings.Reader
	shown chan struct{}
}

func (l *slowList) Read(b []byte) (int, error) {
	if l.Len() == 0 {
		<-l.shown
	}
	return l.Reader.Read(b)
}

// A sign closes a channel when a text was written to it.
type sign struct {
	text  string
	shown chan struct{}
	once  sync.Once
}

func (s *sign) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(s.text)) {
		s.once.Do(func() { close(s.shown) })
	}
	return len(b), nil
}

// A scan shows that it reads its list while it does.
func TestScanShowsPreparing(t *testing.T) {
	t.Parallel()
	shown := make(chan struct{})
	list := &slowList{strings.NewReader("example.com\n"), shown}
	dir := filepath.Join(t.TempDir(), "run")
	std := streams{list, io.Discard, &sign{text: string(domains.StageRead), shown: shown}}
	args := []string{"scan", "-o", dir, "--sim", "zones", "--progress", "on", "-"}
	if status := run(t.Context(), std, args); status != 0 {
		t.Errorf("status %d", status)
	}
}
