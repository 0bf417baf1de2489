package store_test

import (
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"stsscan/internal/store"
	"stsscan/internal/store/storetest"
)

// TestRefused has servers that refuse. It is of no use to try again, and the error says what to do.
func TestRefused(t *testing.T) {
	for code, refused := range map[string]struct {
		status int
		words  string
	}{
		"InvalidAccessKeyId":    {http.StatusForbidden, "check the access key and the secret key"},
		"SignatureDoesNotMatch": {http.StatusForbidden, "check the access key and the secret key"},
		"AccessDenied":          {http.StatusForbidden, "s3:ListBucket, GetObject, PutObject, DeleteObject"},
		"NoSuchBucket":          {http.StatusNotFound, "there is no such bucket: make it"},
		"RequestTimeTooSkewed":  {http.StatusForbidden, "the clock of this machine is wrong: set it"},
		"PermanentRedirect":     {http.StatusMovedPermanently, "set AWS_REGION"},
		"NotImplemented":        {http.StatusNotImplemented, "use a server with conditional writes"},
		"InvalidObjectState":    {http.StatusForbidden, "403 InvalidObjectState"},
	} {
		server := storetest.NewServer()
		server.Fault = func(storetest.Request) storetest.Fault { return storetest.Refuse(refused.status, code) }
		bubble(t, server, io.Discard, func(t *testing.T, s store.Store) {
			_, err := s.Put(t.Context(), "run.json", []byte("one"), store.Absent)
			wantRefused(t, code+", put", err, refused.words)
			_, _, err = s.Get(t.Context(), "run.json")
			wantRefused(t, code+", get", err, refused.words)
			if server.Requests("put") != 1 || server.Requests("get") != 1 {
				t.Errorf("%s: %d and %d requests", code, server.Requests("put"), server.Requests("get"))
			}
		})
	}
}

// TestNoBucket asks for an object where there is no bucket, which the answer to this request does not say.
func TestNoBucket(t *testing.T) {
	server := storetest.NewServer()
	server.Fault = func(request storetest.Request) storetest.Fault {
		if request.Kind == "list" {
			return storetest.Refuse(http.StatusNotFound, "NoSuchBucket")
		}
		return storetest.Fault{}
	}
	bubble(t, server, io.Discard, func(t *testing.T, s store.Store) {
		_, err := s.Stat(t.Context(), "run.json")
		wantRefused(t, "stat", err, "there is no such bucket")
		wantRefused(t, "remove", s.Remove(t.Context(), "run.json", "1"), "there is no such bucket")
	})
}

// TestExpired asks with credentials that have expired. They are looked for anew before that is the answer.
func TestExpired(t *testing.T) {
	for last, want := range map[int]error{1: nil, 100: store.ErrRefused} {
		server := storetest.NewServer()
		server.Fault = func(request storetest.Request) storetest.Fault {
			if request.N <= last {
				return storetest.Refuse(http.StatusBadRequest, "ExpiredToken")
			}
			return storetest.Fault{}
		}
		bubble(t, server, io.Discard, func(t *testing.T, s store.Store) {
			_, err := s.List(t.Context(), "")
			if !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("after %d refusals: %v", last, err)
			}
		})
	}
}

// TestUnconditional has a server that takes no notice of conditions, so that two tasks could have the same part.
func TestUnconditional(t *testing.T) {
	for _, ignored := range []string{"PUT If-None-Match", "PUT If-Match"} {
		server := storetest.NewServer()
		server.Ignored = []string{ignored}
		bubble(t, server, io.Discard, func(t *testing.T, s store.Store) {
			_, err := s.Put(t.Context(), "run.json", []byte("one"), store.Absent)
			wantRefused(t, ignored, err, "use a server with conditional writes")
			if objects, err := s.List(t.Context(), ""); err != nil || len(objects) > 0 {
				t.Errorf("%s: there is %+v, %v", ignored, objects, err)
			}
		})
	}
}

func TestNoCredentials(t *testing.T) {
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_PROFILE",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	server := storetest.NewServer()
	s := open(t, "s3://surveys", store.Config{Endpoint: server.Start(t)})
	_, err := s.Stat(t.Context(), "run.json")
	wantRefused(t, "stat", err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	if server.Requests("stat") != 0 {
		t.Error("a request was sent without credentials")
	}
}

// TestEnvironment takes endpoint and credentials from where the tools of AWS do.
func TestEnvironment(t *testing.T) {
	endpoint := storetest.NewServer().Start(t)
	for _, variable := range storetest.Environment(endpoint) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	s := open(t, "s3://surveys/run", store.Config{})
	if _, err := s.Put(t.Context(), "run.json", []byte("one"), store.Absent); err != nil {
		t.Error(err)
	}
	t.Setenv("AWS_ENDPOINT_URL_S3", storetest.NewServer().Start(t))
	if objects, err := open(t, "s3://surveys/run", store.Config{}).List(t.Context(), ""); err != nil || len(objects) > 0 {
		t.Errorf("the other server has %+v, %v", objects, err)
	}
}

// TestSchemes has an endpoint that speaks HTTP where HTTPS is asked for.
func TestSchemes(t *testing.T) {
	endpoint := storetest.NewServer().Start(t)
	s := open(t, "s3://surveys", storetest.Config(strings.Replace(endpoint, "http:", "https:", 1)))
	_, err := s.List(t.Context(), "")
	wantRefused(t, "list", err, "give the endpoint as http://")
}

func TestLocations(t *testing.T) {
	for location, want := range map[string]string{
		"s3://surveys": "s3://surveys/", "s3://surveys/": "s3://surveys/", "s3://surveys/a/b/": "s3://surveys/a/b/",
		"/mnt/surveys/run": "/mnt/surveys/run", "run": "run", `C:\runs`: `C:\runs`,
	} {
		if got := open(t, location, store.Config{}).String(); got != want {
			t.Errorf("%s is %s", location, got)
		}
	}
	for _, location := range []string{
		"", "s3://", "s3:///run", "s3://a", "s3://Surveys/run", "s3://surveys/../run", "s3://surveys//run", "gs://surveys",
		"https://surveys.example/run", "s3://key:hidden@surveys/run", "s3://surveys/run?secret=hidden", "hidden://run",
	} {
		s, err := store.Open(location, store.Config{})
		wantRefused(t, location, err, "")
		if s != nil || err != nil && strings.Contains(strings.ReplaceAll(err.Error(), "hidden://", ""), "hidden") {
			t.Errorf("%s: %v, %v", location, s, err)
		}
	}
	for _, endpoint := range []string{"store.example", "http://", "ftp://store.example", "http://store.example/x", "http://a:b@c"} {
		_, err := store.Open("s3://surveys", store.Config{Endpoint: endpoint})
		wantRefused(t, endpoint, err, "http://HOST:PORT")
	}
}

func wantRefused(t *testing.T, what string, err error, words string) {
	t.Helper()
	if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: the error is %v", what, err)
	}
}
