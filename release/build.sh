#!/usr/bin/env bash
# Builds the release archives of every platform into dist/ (or $DIST), and
# checksums.txt and the Krew manifest for them. The same commit and the same Go
# give the same bytes: paths and build IDs are left out, every time stamp is the
# commit's (or $SOURCE_DATE_EPOCH), and no setting of the builder's counts.
set -euo pipefail
: "${VERSION:?set VERSION, such as v1.0.0}"
cd "$(dirname "$0")/.."

# Krew and Go want a semantic version; a commit without a tag has only a hash.
[[ $VERSION =~ ^[0-9a-z]+(-dirty)?$ ]] && [[ ! $VERSION =~ ^v[0-9] ]] && VERSION="v0.0.0-g$VERSION"
if [[ ! $VERSION =~ ^v[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$ ]]; then
  echo "VERSION is '$VERSION'; expected one such as v1.0.0 or v1.0.0-rc.1" >&2
  exit 2
fi
if ! tar --version 2>/dev/null | grep -q 'GNU tar'; then
  echo "packing needs GNU tar, the only one that can leave out what differs between machines" >&2
  exit 1
fi

epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export LC_ALL=C CGO_ENABLED=0 GOFLAGS='-trimpath -buildvcs=false' GOAMD64=v1 GOARM64=v8.0
unset TAR_OPTIONS GZIP
umask 022

dist=${DIST:-dist}
if [ -n "$(ls -A "$dist" 2>/dev/null)" ] && [ ! -e "$dist/checksums.txt" ]; then
  echo "$dist holds something that is no release; empty it first" >&2
  exit 1
fi
mkdir -p "$(dirname "$dist")"
work=$(mktemp -d "$dist.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
  os=${platform%/*} arch=${platform#*/}
  name="meshctl_${VERSION}_${os}_${arch}"
  folder="$work/$name"
  exe=meshctl
  [ "$os" = windows ] && exe=meshctl.exe
  echo "building $name" >&2
  mkdir "$folder"
  GOOS=$os GOARCH=$arch go build -ldflags "-s -w -buildid= -X main.version=$VERSION" -o "$folder/$exe" ./cmd/meshctl
  cp LICENSE README.md completions/kubectl_complete-mesh "$folder/"
  cp -r completions/shell "$folder/completions"
  cp -r docs/man "$folder/man"
  # Modes are those of the archive, not of the checkout. The folder itself is no
  # entry: unpacking must not change the folder where a user does that.
  (cd "$folder" && tar --format=gnu --mode=u+rw,go=u-w --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -cf - -- *) |
    gzip -n -9 >"$work/$name.tar.gz"
  rm -r "$folder"
done

(cd "$work" && sha256sum -- *.tar.gz >checksums.txt)

manifest=$(sed "s/{{VERSION}}/$VERSION/g" release/krew.yaml)
while read -r sum file; do
  key=${file#"meshctl_${VERSION}_"}
  manifest=${manifest//"{{SHA256 ${key%.tar.gz}}}"/$sum}
done <"$work/checksums.txt"
printf '%s\n' "$manifest" >"$work/mesh.yaml"

rm -rf "$dist"
mv "$work" "$dist"
trap - EXIT
echo "$dist holds $(find "$dist" -name '*.tar.gz' | wc -l) archives, checksums.txt and the Krew manifest mesh.yaml" >&2
