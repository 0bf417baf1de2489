package store_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"stsscan/internal/store"
	"stsscan/internal/store/storetest"
)

// TestRealServer holds a bucket of a server that is not ours against what a store promises. STSSCAN_S3 is its
// location; the usual variables say where the server is. The bucket must be empty. .ci/s3 starts one.
func TestRealServer(t *testing.T) {
	bucket := os.Getenv("STSSCAN_S3")
	if bucket == "" {
		t.Skip("STSSCAN_S3 is not set")
	}
	var opened atomic.Int32
	storetest.Conform(t, func(t *testing.T) store.Store {
		return open(t, fmt.Sprintf("%s/run-%d", bucket, opened.Add(1)), store.Config{})
	})
	t.Run("refused", func(t *testing.T) {
		_, err := open(t, bucket, store.Config{AccessKey: "tester", SecretKey: "wrong"}).List(t.Context(), "")
		wantRefused(t, "wrong secret key", err, "check the access key and the secret key")
		_, err = open(t, bucket, store.Config{AccessKey: "nobody", SecretKey: "wrong"}).List(t.Context(), "")
		wantRefused(t, "wrong access key", err, "check the access key and the secret key")
		none := open(t, bucket+"-none", store.Config{})
		_, err = none.Put(t.Context(), "run.json", nil, store.Absent)
		wantRefused(t, "no bucket, put", err, "there is no such bucket")
		_, err = none.Stat(t.Context(), "run.json")
		wantRefused(t, "no bucket, stat", err, "there is no such bucket")
	})
	t.Run("race", func(t *testing.T) {
		var racers []store.Store
		for range 16 {
			racers = append(racers, open(t, bucket+"/race", store.Config{}))
		}
		storetest.Race(t, racers, 200)
	})
}
