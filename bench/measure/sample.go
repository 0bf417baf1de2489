package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A sample is what one run of a client has cost.
type sample struct {
	Scenario  string  `json:"scenario"`
	Client    string  `json:"client"`
	Round     int     `json:"round"`
	Names     int     `json:"names"`
	Silent    int     `json:"silent,omitempty"` // how many of them never answer
	CPU       float64 `json:"cpu_seconds"`      // user and system
	Wall      float64 `json:"wall_seconds"`
	PeakMiB   float64 `json:"peak_mib"`  // of resident memory
	Questions uint64  `json:"questions"` // as the responder has counted them
	Unknown   int     `json:"unknown"`   // names without an answer at the end; -1: the client does not say
	Bytes     int64   `json:"bytes"`     // of the Parquet files; 0: there are none
}

// perName is the CPU time of a name in microseconds.
func (s *sample) perName() float64 { return s.CPU * 1e6 / float64(s.Names) }

// rate is names a second.
func (s *sample) rate() float64 { return float64(s.Names) / s.Wall }

func (s *sample) questions() float64 { return float64(s.Questions) / float64(s.Names) }

// measure runs the responder, where there is one, then the client to its end, then
// the check, where there is one. In the words of the client and the check @DIR@ is
// a directory of the client's own that is removed afterwards, and @ADDR@, @HOST@
// and @PORT@ are where the responder listens.
func (s *sample) measure(responder, client, check []string, pin bool) error {
	dir, err := os.MkdirTemp("", "stsscan-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	places := []string{"@DIR@", filepath.Join(dir, "run")}
	var server *running
	if len(responder) > 0 {
		if server, err = startResponder(responder, pin); err != nil {
			return fmt.Errorf("responder: %w", err)
		}
		defer server.Process.Kill()
		host, port, err := net.SplitHostPort(server.addr)
		if err != nil {
			return err
		}
		places = append(places, "@ADDR@", server.addr, "@HOST@", host, "@PORT@", port)
	}
	replace := strings.NewReplacer(places...)
	cmd := pinned(pin, "0", replaceAll(replace, client))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, tail(said.Bytes()))
	}
	s.Wall = time.Since(began).Seconds()
	s.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if s.PeakMiB, err = peakMiB(cmd.ProcessState); err != nil {
		return err
	}
	if server != nil {
		if s.Questions, err = server.stop(); err != nil {
			return fmt.Errorf("responder: %w", err)
		}
	}
	if s.Unknown, err = unknown(filepath.Join(dir, "run"), said.Bytes()); err != nil {
		return err
	}
	parts, err := filepath.Glob(filepath.Join(dir, "run", "part-*.parquet"))
	for _, part := range parts {
		info, err := os.Stat(part)
		if err != nil {
			return err
		}
		s.Bytes += info.Size()
	}
	if err != nil || len(check) == 0 {
		return err
	}
	check = replaceAll(replace, check)
	if said, err := exec.Command(check[0], check[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("check: %w: %s", err, tail(said))
	}
	return nil
}

func replaceAll(replace *strings.Replacer, words []string) []string {
	replaced := make([]string, len(words))
	for i, word := range words {
		replaced[i] = replace.Replace(word)
	}
	return replaced
}

// A running responder has said where it listens.
type running struct {
	*exec.Cmd
	addr string
	out  *bufio.Reader
}

func startResponder(command []string, pin bool) (*running, error) {
	r := &running{Cmd: pinned(pin, "1", command)}
	r.Stderr = os.Stderr
	out, err := r.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.Start(); err != nil {
		return nil, err
	}
	r.out = bufio.NewReader(out)
	line, _ := r.out.ReadBytes('\n')
	var hello struct{ Listening string }
	if err := json.Unmarshal(line, &hello); err != nil || hello.Listening == "" {
		r.Process.Kill()
		r.Wait()
		return nil, fmt.Errorf("it says %q and not where it listens", line)
	}
	r.addr = hello.Listening
	return r, nil
}

// stop ends the responder and gives how many questions it has counted.
func (r *running) stop() (uint64, error) {
	if err := r.Process.Signal(os.Interrupt); err != nil {
		return 0, err
	}
	said, err := io.ReadAll(r.out)
	if err != nil {
		return 0, err
	}
	if err := r.Wait(); err != nil {
		return 0, err
	}
	var counts struct{ Questions uint64 }
	return counts.Questions, json.Unmarshal(said, &counts)
}

// What dnsperf says about questions without an answer, and what the sieve says.
var (
	dnsperfLost  = regexp.MustCompile(`Queries lost:\s+(\d+)`)
	sieveUnknown = regexp.MustCompile(`"unknown":\s*(\d+)`)
)

// unknown gives how many names have no answer: from the record of a scan, or
// from what a client has said.
func unknown(run string, said []byte) (int, error) {
	b, err := os.ReadFile(filepath.Join(run, "run.json"))
	if err == nil {
		var record struct {
			Status string
			Counts struct{ Record struct{ Unknown int } }
		}
		if err := json.Unmarshal(b, &record); err != nil {
			return 0, err
		}
		if record.Status != "complete" && record.Status != "suspect" {
			return 0, fmt.Errorf("run.json says %q", record.Status)
		}
		return record.Counts.Record.Unknown, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	for _, said := range [][][]byte{dnsperfLost.FindSubmatch(said), sieveUnknown.FindSubmatch(said)} {
		if said != nil {
			return strconv.Atoi(string(said[1]))
		}
	}
	return -1, nil
}

// tail is the end of what a client has said.
func tail(said []byte) []byte {
	return said[max(0, len(said)-1000):]
}
