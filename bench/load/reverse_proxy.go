// Forwarder of figures 10, 11 and 13: the reverse proxy of the standard library, which
// inserts the real token and logs a line per call.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"
)

var realTokens = map[string][2]string{
	strings.Repeat("c", 136): {"caller", strings.Repeat("r", 136)},
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func main() {
	upstream, err := url.Parse(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(upstream) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 1024},
	}
	forward := func(w http.ResponseWriter, r *http.Request) {
		pairs := r.URL.Query()
		caller, known := realTokens[pairs.Get("access_token")]
		if !known {
			http.Error(w, `{"errcode":40001}`, http.StatusUnauthorized)
			return
		}
		pairs.Set("access_token", caller[1])
		r.URL.RawQuery = pairs.Encode()
		began, seen := time.Now(), &recorder{w, http.StatusOK}
		proxy.ServeHTTP(seen, r)
		ms := float64(time.Since(began).Microseconds()) / 1000
		log.Printf("%s %s %s %d %.1fms", caller[0], r.Method, r.URL.Path, seen.status, ms)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("ready http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, http.HandlerFunc(forward)))
}
