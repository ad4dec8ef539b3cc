// SPDX-License-Identifier: Apache-2.0
// The help text. It is the reference of the admin interface.
#include "tests/s3_server/options.h"

namespace s3b::test {

namespace {

constexpr std::string_view kHelp =
    R"(s3_test_server: an S3 server in memory, for tests and benchmarks.

ADMIN INTERFACE (same port, unsigned, never delayed, never counted)
  GET    /_admin/stats               counters as JSON, see below
  GET    /_admin/stats?key=K         {"key":K,"received":{"GET":n,..},"answered":{"GET":n,..}}
  POST   /_admin/reset               zeroes the counters (not the rules)
  POST   /_admin/faults              adds rules: one a line of the body, or one in the query string
  DELETE /_admin/faults              removes all rules; held requests stay held
  POST   /_admin/release[?count=N]   lets the N oldest held requests go on (default all); answers
                                     {"released":n}
  GET    /_admin/wait?CONDITION[&timeout=MS]
                                     answers 200 with the stats once the condition holds, or 408
                                     after MS (default 30000). CONDITION is one of
                                       held=N              at least N requests are held
                                       in_flight=N         at least N requests are under way
                                       idle                no request is under way
                                       method=M&count=N[&key=K]
                                                           at least N requests of M (* = any) have
                                                           been answered since the last reset
  POST   /_admin/credentials?id=I&secret=S[&token=T][&lifetime=SECONDS][&expired]
                                     from now on only these are given by the credential endpoints
                                     and accepted in requests (without T: no token is needed); those
                                     before meet 403 InvalidAccessKeyId, or 400 ExpiredToken
  GET    /_admin/objects/BUCKET[?prefix=P]
                                     [{"key":K,"size":n,"etag":"\"md5\""},..] in key order
  GET, HEAD, PUT, DELETE /_admin/object/BUCKET/KEY
                                     an object as in S3, without a signature and without faults;
                                     PUT creates the bucket and keeps the same headers;
                                     GET and HEAD show x-amz-acl too, and need no customer's key
  Answers: 200 with JSON ({} if nothing to say), 204 for DELETE of an object, 400 with a text that
  says what is wrong, 404 for what does not exist.

  stats: {"requests":n, "in_flight":n, "max_in_flight":n, "writes_in_flight":n,
  "max_writes_in_flight":n (PUT and DELETE), "held":n, "cut":n (ended without a whole answer),
  "connections":n (opened, those of admin requests too), "bytes_in":n, "bytes_out":n (of bodies),
  "bulk_deleted":n (keys removed by POST ?delete, whether they existed or not),
  "credentials":n (requests to the credential endpoints; they are in the other numbers too),
  "received":{M:n,..}, "answered":{M:n,..}, "status":{"200":n,..} (answered only)}
  A request is "received" when its headers are there, "answered" when its answer has been sent.

METHODS M in stats, waits and rules: GET HEAD PUT DELETE (of objects), LIST (GET of a bucket),
  POST (bulk delete), OTHER (other requests about buckets), CREDENTIALS (of the credential
  endpoints). LIST, POST and OTHER have no key; that of CREDENTIALS is the path without its first
  slash, like latest/api/token, and empty for STS.

FAULT RULES: FIELD=VALUE&FIELD=VALUE.., values percent-encoded
  method=M        requests meant; default *
  key=PREFIX      beginning of the keys meant (without the bucket); default *
  skip=N          matching requests to let pass first; default 0
  count=N         matching requests to apply to after those; default 1; 0 = for ever
  and exactly one action:
  status=CODE     answer this instead of doing anything; with it may go retry-after=TEXT,
                  location=URL, body=TEXT
  delay=MS        delay the request (besides --latency); it then goes on as usual
  hold            keep the request, not carried out yet, until /_admin/release
  cut-request     close the connection after the request was received, carry out nothing
  cut-answer      carry out the request, then close the connection without an answer
  cut-body        GET: send the headers and half of the body, then close
  stale           GET, HEAD: answer from the version before the current one (404: none)
  wrong-body      GET: one bit in the middle of the body is flipped
  short-body      GET: the body, and Content-Length, is one byte shorter
  no-etag         answer without ETag
  bad-etag        answer with  ETag: not-an-md5
  extra-header=NAME:VALUE   one more header in the answer
  huge            GET: a body of 100 MiB
  bulk-error=N    POST: the first N keys are answered with an <Error> and stay
  error-200       answer status 200 with an S3 <Error> (InternalError) as body, do nothing
  truncated-for-ever  LIST: always the first page, whatever the marker, and IsTruncated
  Delays add up. Of the other rules the oldest one that still applies acts on a request, and the
  rules added after it do not see (or count) that request. Requests refused for their signature
  meet no rule. A request is carried out at the end of its delay, right before its answer.
  Example: curl -d 'method=PUT&key=p/&skip=1&count=2&status=503' http://127.0.0.1:PORT/_admin/faults

OPTIONS
  --port=N           port on 127.0.0.1; 0, the default, lets the system pick one
  --port-file=PATH   write the port here, by rename, once requests are served
  --access-id=ID --secret=KEY   the only credentials accepted (AWS signature version 4 or 2, header
                     form; version 2 signs the sub-resource ?delete too)
  --session-token=T  version 4 requests must carry  x-amz-security-token: T  (403
                     InvalidAccessKeyId without, 400 InvalidToken with another)
  --credentials=ID:SECRET:TOKEN[:LIFETIME]   serve the credential endpoints, which give these with
                     an Expiration LIFETIME seconds (default 21600) after the request; also stands
                     for --access-id, --secret and --session-token (the last one given counts)
  --role=NAME        the only role of the instance; default any, and test-role where it is asked for
  --imds-v2-only     instance metadata without a token is refused with 401
  --container-authorization=TEXT   the Authorization that the container endpoint wants; default any
  --web-identity-token=TEXT   the only right WebIdentityToken; default any
  --no-auth          do not check signatures
  --trust-digests    take the Content-MD5 and the x-amz-content-sha256 of a PUT as they are, for
                     benchmarks: on other machines they would cost the client nothing
  --any-date         accept requests that are not within 15 minutes of the server's time
  --clock-offset=S   the server's time is the machine's and S seconds (may be negative): in Date,
                     Last-Modified, Expiration, and in the check of requests' dates (403
                     RequestTimeTooSkewed)
  --no-conditional-put=ignore|501   what a PUT with  If-None-Match: *  meets: nothing, or 501
                     NotImplemented; default 412 PreconditionFailed when the object exists
  --region=NAME      the only region accepted in signatures; default any
  --bucket=NAME      create the bucket at start; may be repeated
  --fill=BUCKET:COUNT:SIZE[:PREFIX]   create COUNT objects of SIZE bytes (and the bucket) at start,
                     PREFIX00000000 and so on in 8 hex digits; they share one body and cost about
                     120 bytes each. May be repeated; not with --journal
  --latency=MS       answer every S3 request after that time
  --list-latency=MS  answer lists so much later still
  --bandwidth=N      bytes of bodies a second, both directions and all requests together
  --tls-cert=FILE --tls-key=FILE   serve https (PEM)
  --journal=FILE     append each change to FILE before it is answered, and replay FILE at start;
                     a server that was killed starts again with all that it had answered
  --help             this text
SIGTERM and SIGINT end the server with status 0; requests under way are cut, not carried out.

CREDENTIAL ENDPOINTS (with --credentials; unsigned; faults and latency apply)
  GET /latest/meta-data/iam/security-credentials/[ROLE]   EC2: the role's name, or JSON
  PUT /latest/api/token                  EC2, version 2: a token, for 1 to 21600 seconds as
                                         X-aws-ec2-metadata-token-ttl-seconds says; a GET with an
                                         unknown or old X-aws-ec2-metadata-token meets 401
  GET /v2/credentials/ID                 ECS: JSON, whatever the ID
  GET /?PARAMETERS, POST / (form)        STS: Action=AssumeRoleWithWebIdentity&Version=2011-06-15
                                         &RoleArn=..&RoleSessionName=..&WebIdentityToken=..; XML;
                                         400 InvalidIdentityToken for a wrong token

S3: path style, and virtual-host style for the Host BUCKET.localhost[:PORT]. PUT, GET, HEAD, DELETE
of objects; PUT and HEAD of buckets; list versions 1 and 2; POST ?delete. Bodies up to 64 MiB.
Kept with an object and given back: x-amz-meta-*, Content-Type, Content-Encoding,
x-amz-storage-class, x-amz-server-side-encryption (AES256, aws:kms; -aws-kms-key-id) and, of a
customer's key, -customer-algorithm and -customer-key-MD5. With aws:kms or a customer's key the ETag
is not the MD5 of the body. GET and HEAD without the key of the PUT get 400; keys are not stored.
Content-MD5 and x-amz-content-sha256 are checked (400 BadDigest, XAmzContentSHA256Mismatch) unless
they are trusted.
)";

}  // namespace

std::string_view help_text() { return kHelp; }

}  // namespace s3b::test
