#!/bin/sh
# base.sh FOLDER: a small Debian and its kernel, from the packages that this machine's apt finds, into FOLDER.
#
#   FOLDER/root      the guest's user space, with the modules it needs
#   FOLDER/vmlinux   its kernel, unpacked
#   FOLDER/release   the kernel's version
#
# As root, on Debian 12. FOLDER may be left half-made at any line: whoever calls this renames it when all is done.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
folder=$1 system=$1/root
suite=bookworm
export DEBIAN_FRONTEND=noninteractive LC_ALL=C TMPDIR="$folder"
umask 022

mkdir -p "$folder/packages"
cd "$folder"
apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' "Codename: $suite" >sources.list
for more in updates security; do
  apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' "Codename: $suite-$more" >>sources.list
done
if ! grep -q " $suite main" sources.list; then
  echo "base.sh: apt knows no Debian $suite here" >&2
  exit 69
fi

# the kernel that is current, not installed: neither its initramfs nor most of its modules are wanted
kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ { print $2; exit }')
(cd packages && apt-get download -qq "$kernel" && dpkg -x "$kernel"_*.deb ../kernel) &
downloading=$!

# user space: what Debian calls required, and what the tests need; no documentation
without='man locale info doc lintian bug'
set --
for part in $without; do set -- "$@" "--dpkgopt=path-exclude=/usr/share/$part/*"; done
mmdebstrap --quiet --mode=root --variant=required --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io "$@" \
  --include=systemd,systemd-sysv,udev,kmod,mount,iproute2,procps,python3,busybox-static,libusb-1.0-0 \
  --include=dosfstools,exfatprogs,e2fsprogs,fdisk,dmsetup,fuse3,jmtpfs,umtp-responder \
  "$suite" root sources.list
wait "$downloading"

release=$(ls kernel/lib/modules)
from=kernel/lib/modules/$release to=$system/usr/lib/modules/$release
mkdir -p "$to"
cp "$from/modules.order" "$from/modules.builtin" "$from/modules.builtin.modinfo" "$to/"
cd "$from/kernel"
for part in arch block crypto lib fs/fat fs/exfat fs/ext4 fs/jbd2 fs/mbcache.ko fs/nls fs/configfs fs/9p fs/netfs fs/fscache fs/fuse \
  fs/autofs fs/ntfs3 fs/hfsplus net/9p net/core drivers/usb drivers/virtio drivers/md drivers/dax drivers/hid drivers/input \
  drivers/char/virtio_console.ko drivers/char/hw_random drivers/block/loop.ko drivers/block/virtio_blk.ko drivers/net/virtio_net.ko \
  drivers/net/net_failover.ko drivers/scsi/scsi_mod.ko drivers/scsi/scsi_common.ko drivers/scsi/sd_mod.ko drivers/scsi/sr_mod.ko drivers/scsi/sg.ko; do
  if [ -e "$part" ]; then
    mkdir -p "$to/kernel/$(dirname "$part")"
    cp -r "$part" "$to/kernel/$part"
  fi
done
cd "$folder"
chroot root depmod "$release"

python3 "$here/vmlinux.py" "kernel/boot/vmlinuz-$release" vmlinux
echo "$release" >release
rm -rf kernel packages
