#!/usr/bin/env bash
# Builds the release archives of every platform into dist/, and checksums.txt
# and the Krew manifest for them. The same commit gives the same bytes: paths
# and build IDs are left out, and every time stamp is the commit's.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${VERSION:?set VERSION, such as v1.0.0}"
epoch=$(git log -1 --format=%ct)
export CGO_ENABLED=0
rm -rf dist
mkdir -p dist

for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
  os=${platform%/*} arch=${platform#*/}
  name="meshctl_${VERSION}_${os}_${arch}"
  folder="dist/$name"
  exe=meshctl
  [ "$os" = windows ] && exe=meshctl.exe
  echo "building $name" >&2
  mkdir -p "$folder"
  GOOS=$os GOARCH=$arch go build -trimpath -buildvcs=false \
    -ldflags "-s -w -buildid= -X main.version=$VERSION" -o "$folder/$exe" ./cmd/meshctl
  cp LICENSE README.md completions/kubectl_complete-mesh "$folder/"
  cp -r completions/shell "$folder/completions"
  cp -r docs/man "$folder/man"
  # Modes are those of the archive, not of the builder's umask.
  tar --mode=u+rw,go=u-w --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -C "$folder" -cf - . |
    gzip -n -9 >"dist/$name.tar.gz"
  rm -r "$folder"
done

(cd dist && sha256sum -- *.tar.gz >checksums.txt)

manifest=$(sed "s/{{VERSION}}/$VERSION/g" release/krew.yaml)
while read -r sum file; do
  key=${file#"meshctl_${VERSION}_"}
  manifest=${manifest//"{{SHA256 ${key%.tar.gz}}}"/$sum}
done <dist/checksums.txt
printf '%s\n' "$manifest" >dist/mesh.yaml
echo "dist/ holds $(find dist -name '*.tar.gz' | wc -l) archives, checksums.txt and the Krew manifest mesh.yaml" >&2
