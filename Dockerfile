# syntax=docker/dockerfile:1
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY app app
COPY functions functions
ARG VERSION=development
RUN CGO_ENABLED=0 go build -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /vcrelay ./app

# Static, with CA certificates and time zones, without a shell.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /vcrelay /usr/local/bin/vcrelay
COPY LICENSE /
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/vcrelay"]
CMD ["run"]
