package storetest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// pageSize is the number of objects in one answer to a request for a list.
const pageSize = 7

// A Server is a small S3 server for buckets that exist by being named, with conditional writes and deletions. It
// checks no signature. It keeps its objects in memory.
type Server struct {
	// Fault says what is to go wrong with a request; nil: nothing ever. It is called by one goroutine at a time,
	// which may call Overwrite.
	Fault func(Request) Fault
	// Ignored are the conditions that the server ignores, as "PUT If-None-Match", "PUT If-Match", "DELETE If-Match".
	Ignored []string

	counting sync.Mutex
	requests map[string]int // by kind

	mu      sync.Mutex
	objects map[string]stored // by bucket/key
}

type stored struct {
	content []byte
	hash    string // the metadata
	etag    string
}

// A Request is one that a Server got.
type Request struct {
	Kind string // put, get, stat, list, remove
	Name string // of the bucket and the object or prefix
	N    int    // of this kind, from 1
}

// NewServer is an empty server. It is reached by [Server.Start] or [Server.InMemory].
func NewServer() *Server {
	return &Server{objects: make(map[string]stored), requests: make(map[string]int)}
}

// Requests is the number of requests of a kind that the server got.
func (s *Server) Requests(kind string) int {
	s.counting.Lock()
	defer s.counting.Unlock()
	return s.requests[kind]
}

var kinds = map[string]string{
	http.MethodPut: "put", http.MethodGet: "get", http.MethodHead: "stat", http.MethodDelete: "remove",
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has left
	}
	request := Request{Kind: kinds[r.Method], Name: strings.TrimPrefix(r.URL.Path, "/")}
	if r.URL.Query().Get("list-type") == "2" {
		request.Kind, request.Name = "list", request.Name+r.URL.Query().Get("prefix")
	}
	fault := s.count(&request)
	if fault.how != "" && !fault.after {
		fault.show(w, r, nil)
		return
	}
	answer := s.answer(request, r, body)
	if fault.how != "" {
		fault.show(w, r, &answer)
		return
	}
	answer.write(w)
}

// count counts a request, and says what goes wrong with it.
func (s *Server) count(request *Request) Fault {
	s.counting.Lock()
	defer s.counting.Unlock()
	s.requests[request.Kind]++
	request.N = s.requests[request.Kind]
	if s.Fault == nil {
		return Fault{}
	}
	return s.Fault(*request)
}

// Overwrite sets an object, by the name of its bucket and its own, as another client does. Fault may call it.
func (s *Server) Overwrite(name string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[name] = stored{content: content, etag: etagOf(content)}
}

func etagOf(content []byte) string {
	digest := md5.Sum(content)
	return `"` + hex.EncodeToString(digest[:]) + `"`
}

// An answer is what goes to a client.
type answer struct {
	status int
	header map[string]string
	body   []byte
}

func (a answer) write(w http.ResponseWriter) {
	for key, value := range a.header {
		w.Header().Set(key, value)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has left needs nothing
}

// refusal is the answer that S3 gives for a request that fails.
func refusal(status int, code string) answer {
	return answer{status: status, header: map[string]string{"Content-Type": "application/xml"},
		body: fmt.Appendf(nil, "<Error><Code>%s</Code><Message>as the test wants it</Message></Error>", code)}
}

// answer does what a request asks for.
func (s *Server) answer(request Request, r *http.Request, body []byte) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, there := s.objects[request.Name]
	switch request.Kind {
	case "put":
		sum := sha256.Sum256(body)
		if got := r.Header.Get("X-Amz-Content-Sha256"); got != hex.EncodeToString(sum[:]) {
			return refusal(http.StatusBadRequest, "XAmzContentSHA256Mismatch")
		}
		if refused := s.holds(r, now, there); refused.status != 0 {
			return refused
		}
		object := stored{content: body, hash: r.Header.Get("X-Amz-Meta-Sha256"), etag: etagOf(body)}
		s.objects[request.Name] = object
		return answer{status: http.StatusOK, header: map[string]string{"ETag": object.etag}}
	case "remove":
		if match := s.condition(r, "If-Match"); match != "" && there && match != now.etag {
			return refusal(http.StatusPreconditionFailed, "PreconditionFailed")
		}
		delete(s.objects, request.Name)
		return answer{status: http.StatusNoContent}
	case "list":
		return s.list(request, r.URL.Query())
	}
	if !there {
		return refusal(http.StatusNotFound, "NoSuchKey")
	}
	return answer{status: http.StatusOK, body: now.content, header: map[string]string{
		"ETag": now.etag, "X-Amz-Meta-Sha256": now.hash, "Content-Length": strconv.Itoa(len(now.content)),
		"Last-Modified": "Tue, 01 Dec 2026 00:00:00 GMT",
	}}
}

// holds is the refusal of a write whose condition does not hold; one without a status if it does.
func (s *Server) holds(r *http.Request, now stored, there bool) answer {
	match, none := s.condition(r, "If-Match"), s.condition(r, "If-None-Match")
	switch {
	case match != "" && !there:
		return refusal(http.StatusNotFound, "NoSuchKey")
	case match != "" && match != now.etag, none == "*" && there:
		return refusal(http.StatusPreconditionFailed, "PreconditionFailed")
	}
	return answer{}
}

// condition is the value of a header, unless the server ignores it.
func (s *Server) condition(r *http.Request, header string) string {
	if slices.Contains(s.Ignored, r.Method+" "+header) {
		return ""
	}
	return r.Header.Get(header)
}

// list lists the objects of a bucket, a page at a time.
func (s *Server) list(request Request, query url.Values) answer {
	type content struct {
		Key  string
		Size int
		ETag string
	}
	page := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		EncodingType          string
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []content
	}{EncodingType: "url"}
	bucket, _, _ := strings.Cut(request.Name, "/")
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		key, ok := strings.CutPrefix(name, bucket+"/")
		if !ok || !strings.HasPrefix(name, request.Name) || name <= query.Get("continuation-token") {
			continue
		}
		if page.IsTruncated = len(page.Contents) == pageSize; page.IsTruncated {
			break
		}
		object := s.objects[name]
		page.Contents = append(page.Contents, content{url.QueryEscape(key), len(object.content), object.etag})
		page.NextContinuationToken = name
	}
	if !page.IsTruncated {
		page.NextContinuationToken = ""
	}
	text, err := xml.Marshal(page)
	if err != nil {
		return refusal(http.StatusInternalServerError, "InternalError")
	}
	return answer{status: http.StatusOK, body: text, header: map[string]string{"Content-Type": "application/xml"}}
}
