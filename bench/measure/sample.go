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

// A sample is the cost of one run of a client.
type sample struct {
	Scenario  string  `json:"scenario"`
	Client    string  `json:"client"`
	Round     int     `json:"round"`
	Names     int     `json:"names"`
	Silent    int     `json:"silent,omitempty"` // number of them that never answer
	CPU       float64 `json:"cpu_seconds"`      // user and system
	Wall      float64 `json:"wall_seconds"`
	PeakMiB   float64 `json:"peak_mib"`  // of resident memory
	Questions uint64  `json:"questions"` // by the responder's count
	Unknown   int     `json:"unknown"`   // names without an answer at the end; -1: not known
	Bytes     int64   `json:"bytes"`     // of the Parquet files; 0: none
}

// perName is the CPU time for each name, in microseconds.
func (s *sample) perName() float64 { return s.CPU * 1e6 / float64(s.Names) }

// rate is in names per second.
func (s *sample) rate() float64 { return float64(s.Names) / s.Wall }

func (s *sample) questions() float64 { return float64(s.Questions) / float64(s.Names) }

// measure starts the responder, if any, runs the client to its end, and then the check, if any. In the words of client
// and check, @DIR@ is a directory for the client, which measure removes afterwards, and @ADDR@, @HOST@ and @PORT@ are
// those of the responder.
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
		defer server.cmd.Process.Kill()
		host, port, err := net.SplitHostPort(server.addr)
		if err != nil {
			return err
		}
		places = append(places, "@ADDR@", server.addr, "@HOST@", host, "@PORT@", port)
	}
	replace := strings.NewReplacer(places...)
	cmd := pinned(pin, "0", replaceAll(replace, client))
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, tail(output.Bytes()))
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
	if s.Unknown, err = unknown(filepath.Join(dir, "run"), output.Bytes()); err != nil {
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
	if output, err := exec.Command(check[0], check[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("check: %w: %s", err, tail(output))
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

// A running responder has printed its address.
type running struct {
	cmd  *exec.Cmd
	addr string
	out  *bufio.Reader
}

func startResponder(command []string, pin bool) (*running, error) {
	r := &running{cmd: pinned(pin, "1", command)}
	r.cmd.Stderr = os.Stderr
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	r.out = bufio.NewReader(out)
	line, _ := r.out.ReadBytes('\n')
	var hello struct{ Listening string }
	if err := json.Unmarshal(line, &hello); err != nil || hello.Listening == "" {
		r.cmd.Process.Kill()
		r.cmd.Wait()
		return nil, fmt.Errorf("its first line %q has no address", line)
	}
	r.addr = hello.Listening
	return r, nil
}

// stop ends the responder and returns its count of questions.
func (r *running) stop() (uint64, error) {
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		return 0, err
	}
	output, err := io.ReadAll(r.out)
	if err != nil {
		return 0, err
	}
	if err := r.cmd.Wait(); err != nil {
		return 0, err
	}
	var counts struct{ Questions uint64 }
	return counts.Questions, json.Unmarshal(output, &counts)
}

// How dnsperf and the other clients report questions without an answer.
var (
	dnsperfLost  = regexp.MustCompile(`Queries lost:\s+(\d+)`)
	unknownNames = regexp.MustCompile(`"unknown":\s*(\d+)`)
)

// unknown is the number of names without an answer: from the run.json of a scan, or else from the client's output.
func unknown(run string, output []byte) (int, error) {
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
	for _, match := range [][][]byte{dnsperfLost.FindSubmatch(output), unknownNames.FindSubmatch(output)} {
		if match != nil {
			return strconv.Atoi(string(match[1]))
		}
	}
	return -1, nil
}

// tail is the end of a program's output.
func tail(output []byte) []byte {
	return output[max(0, len(output)-1000):]
}
