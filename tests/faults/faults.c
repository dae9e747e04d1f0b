// Preloaded into a worker (LD_PRELOAD), makes the file system misbehave below the study's store; README.md describes
// the environment that steers it. C without dependencies, so that nothing but libc lies between it and the system.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { most_rules = 16, most_samples = 64, most_files = 512, most_listings = 64, most_open = 32, most_names = 8192 };

struct rule {
  char call[16], fault[16], path[128];
  long after, times, percent;
  long seen, done;
};

struct file {  // not written by this process: its size as it was at several times
  char path[512];
  int mine;
  int count;
  double time[most_samples];
  off_t size[most_samples];
};

struct listing {  // of one folder, as a client's cache would hold it
  char path[512];
  double time;
  int count;
  char* names[most_names];
};

struct open_folder {
  DIR* folder;
  struct listing* listing;
  int next;
  struct dirent entry;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct rule rules[most_rules];
static int rule_count;
static double lag_bytes, lag_names, clock_shift;
static const char *host, *record;
static unsigned seed;
static struct file files[most_files];
static int file_count;
static struct listing listings[most_listings];
static int listing_count;
static struct open_folder open_folders[most_open];

static int (*real_open)(const char*, int, ...);
static ssize_t (*real_write)(int, const void*, size_t);
static ssize_t (*real_read)(int, void*, size_t);
static ssize_t (*real_pread)(int, void*, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_close)(int);
static int (*real_link)(const char*, const char*);
static int (*real_rename)(const char*, const char*);
static int (*real_stat)(const char*, struct stat*);
static DIR* (*real_opendir)(const char*);
static struct dirent* (*real_readdir)(DIR*);
static int (*real_closedir)(DIR*);
static int (*real_clock_gettime)(clockid_t, struct timespec*);
static int (*real_gethostname)(char*, size_t);

static double number(const char* name) {
  const char* text = getenv(name);
  return text ? atof(text) : 0;
}

static void find_all(void) {
  *(void**)&real_open = dlsym(RTLD_NEXT, "open");
  *(void**)&real_write = dlsym(RTLD_NEXT, "write");
  *(void**)&real_read = dlsym(RTLD_NEXT, "read");
  *(void**)&real_pread = dlsym(RTLD_NEXT, "pread");
  *(void**)&real_fsync = dlsym(RTLD_NEXT, "fsync");
  *(void**)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  *(void**)&real_close = dlsym(RTLD_NEXT, "close");
  *(void**)&real_link = dlsym(RTLD_NEXT, "link");
  *(void**)&real_rename = dlsym(RTLD_NEXT, "rename");
  *(void**)&real_stat = dlsym(RTLD_NEXT, "stat");
  *(void**)&real_opendir = dlsym(RTLD_NEXT, "opendir");
  *(void**)&real_readdir = dlsym(RTLD_NEXT, "readdir");
  *(void**)&real_closedir = dlsym(RTLD_NEXT, "closedir");
  *(void**)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  *(void**)&real_gethostname = dlsym(RTLD_NEXT, "gethostname");
  lag_bytes = number("FAULTS_LAG_BYTES");
  lag_names = number("FAULTS_LAG_NAMES");
  clock_shift = number("FAULTS_CLOCK");
  host = getenv("FAULTS_HOST");
  record = getenv("FAULTS_RECORD");
  seed = (unsigned)number("FAULTS_SEED");
  const char* text = getenv("FAULTS");
  while (text && *text && rule_count < most_rules) {
    struct rule* rule = &rules[rule_count];
    rule->times = 1;
    rule->percent = 100;
    if (sscanf(text, " %15s %15s %127s %ld %ld %ld", rule->call, rule->fault, rule->path, &rule->after, &rule->times,
               &rule->percent) < 3) {
      fprintf(stderr, "faults: cannot read \"%s\"\n", text);
      _exit(99);
    }
    ++rule_count;
    text = strchr(text, ';');
    if (text) ++text;
  }
}

static void start(void) { pthread_once(&once, find_all); }

static double now(void) {
  struct timespec time;
  real_clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// The fault that is due for this call on this path; NULL: none.
static const char* due(const char* call, const char* path) {
  const char* fault = NULL;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < rule_count && !fault; ++i) {
    struct rule* rule = &rules[i];
    if (strcmp(rule->call, call) != 0 || !strstr(path, rule->path)) continue;
    if (rule->seen++ < rule->after || (rule->times > 0 && rule->done >= rule->times)) continue;
    if (rand_r(&seed) % 100 >= rule->percent) continue;
    ++rule->done;
    fault = rule->fault;
  }
  pthread_mutex_unlock(&lock);
  if (fault && record) {
    const int kept = errno, out = real_open(record, O_WRONLY | O_CREAT | O_APPEND, 0666);
    char line[768];
    const int size = snprintf(line, sizeof line, "%s %s %s\n", call, fault, path);
    if (out >= 0 && real_write(out, line, (size_t)size) != size) abort();
    if (out >= 0) real_close(out);
    errno = kept;
  }
  return fault;
}

static int error_of(const char* name) {
  if (strcmp(name, "EIO") == 0) return EIO;
  if (strcmp(name, "ENOSPC") == 0) return ENOSPC;
  if (strcmp(name, "ESTALE") == 0) return ESTALE;
  if (strcmp(name, "EINTR") == 0) return EINTR;
  if (strcmp(name, "EEXIST") == 0) return EEXIST;
  fprintf(stderr, "faults: no fault is called \"%s\"\n", name);
  _exit(99);
}

static int fail_with(const char* name) {
  errno = error_of(name);
  return -1;
}

static void path_of(int descriptor, char* path, size_t size) {
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(name, path, size - 1);
  path[length > 0 ? length : 0] = '\0';
}

// --- bytes that show late
static struct file* file_of(const char* path) {
  for (int i = 0; i < file_count; ++i) {
    if (strcmp(files[i].path, path) == 0) return &files[i];
  }
  if (file_count == most_files) abort();
  struct file* file = &files[file_count++];
  snprintf(file->path, sizeof file->path, "%s", path);
  return file;
}

// How many bytes of a file show: what was there lag_bytes ago, as far as this process or the file's time can tell.
static off_t visible(const char* path, const struct stat* facts) {
  const int lags = strstr(path, "/log/") || strstr(path, ".stream");
  if (lag_bytes <= 0 || !lags || !S_ISREG(facts->st_mode)) return facts->st_size;
  struct timespec wall;
  real_clock_gettime(CLOCK_REALTIME, &wall);
  off_t size = 0;
  const double time = now();
  pthread_mutex_lock(&lock);
  struct file* file = file_of(path);
  const double age = difftime(wall.tv_sec, facts->st_mtim.tv_sec);
  if (file->mine || age > lag_bytes + 1) {
    size = facts->st_size;
  } else {
    if (file->count == 0 || (file->size[file->count - 1] != facts->st_size &&
                             time - file->time[file->count - 1] > lag_bytes / (most_samples / 2))) {
      if (file->count == most_samples) {
        memmove(file->time, file->time + 1, sizeof file->time - sizeof *file->time);
        memmove(file->size, file->size + 1, sizeof file->size - sizeof *file->size);
        --file->count;
      }
      file->time[file->count] = time;
      file->size[file->count++] = facts->st_size;
    }
    for (int i = 0; i < file->count && time - file->time[i] >= lag_bytes; ++i) size = file->size[i];
  }
  pthread_mutex_unlock(&lock);
  return size;
}

static size_t limited(int descriptor, off_t offset, size_t size) {
  char path[512];
  struct stat facts;
  if (lag_bytes <= 0 || fstat(descriptor, &facts) != 0) return size;
  path_of(descriptor, path, sizeof path);
  const off_t end = visible(path, &facts);
  if (offset >= end) return 0;
  return (off_t)size < end - offset ? size : (size_t)(end - offset);
}

// --- calls
int open(const char* path, int flags, ...) {
  start();
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  const char* fault = due("open", path);
  if (fault) return fail_with(fault);
  const int result = real_open(path, flags, mode);
  if (result >= 0 && lag_bytes > 0 && (flags & O_CREAT)) {
    char name[512];
    path_of(result, name, sizeof name);
    pthread_mutex_lock(&lock);
    file_of(name)->mine = 1;
    pthread_mutex_unlock(&lock);
  }
  return result;
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  start();
  char path[512];
  if (rule_count == 0) return real_write(descriptor, bytes, size);
  path_of(descriptor, path, sizeof path);
  const char* fault = due("write", path);
  if (!fault) return real_write(descriptor, bytes, size);
  if (strcmp(fault, "short") == 0) return real_write(descriptor, bytes, size > 1 ? size / 2 : size);
  if (strcmp(fault, "torn") == 0) {  // a part reaches the disk, and then it is full
    if (size > 1 && real_write(descriptor, bytes, size / 2) < 0) return -1;
    return fail_with("ENOSPC");
  }
  return fail_with(fault);
}

ssize_t read(int descriptor, void* bytes, size_t size) {
  start();
  if (rule_count > 0) {
    char path[512];
    path_of(descriptor, path, sizeof path);
    const char* fault = due("read", path);
    if (fault) return fail_with(fault);
  }
  return real_read(descriptor, bytes, lag_bytes > 0 ? limited(descriptor, lseek(descriptor, 0, SEEK_CUR), size) : size);
}

ssize_t pread(int descriptor, void* bytes, size_t size, off_t offset) {
  start();
  if (rule_count > 0) {
    char path[512];
    path_of(descriptor, path, sizeof path);
    const char* fault = due("pread", path);
    if (fault) return fail_with(fault);
  }
  return real_pread(descriptor, bytes, limited(descriptor, offset, size), offset);
}

static int on_descriptor(const char* call, int (*real)(int), int descriptor, int do_it_anyway) {
  start();
  char path[512];
  if (rule_count == 0) return real(descriptor);
  path_of(descriptor, path, sizeof path);
  const char* fault = due(call, path);
  if (!fault) return real(descriptor);
  if (do_it_anyway) real(descriptor);
  return fail_with(fault);
}

int fsync(int descriptor) {
  start();
  return on_descriptor("fsync", real_fsync, descriptor, 0);
}
int fdatasync(int descriptor) {
  start();
  return on_descriptor("fdatasync", real_fdatasync, descriptor, 0);
}
int close(int descriptor) {
  start();
  return on_descriptor("close", real_close, descriptor, 1);
}

static int on_names(const char* call, int (*real)(const char*, const char*), const char* from, const char* to) {
  const char* fault = due(call, to);
  if (!fault) return real(from, to);
  if (strncmp(fault, "did-", 4) != 0) return fail_with(fault);
  const int result = real(from, to);  // done on the server, and the answer is lost
  return result == 0 ? fail_with(fault + 4) : result;
}

int link(const char* from, const char* to) {
  start();
  return on_names("link", real_link, from, to);
}
int rename(const char* from, const char* to) {
  start();
  return on_names("rename", real_rename, from, to);
}

int stat(const char* path, struct stat* facts) {
  start();
  const char* fault = due("stat", path);
  if (fault) return fail_with(fault);
  const int result = real_stat(path, facts);
  if (result == 0) facts->st_size = visible(path, facts);
  return result;
}

// --- listings that are as old as a cache
static struct listing* listing_of(const char* path) {
  for (int i = 0; i < listing_count; ++i) {
    if (strcmp(listings[i].path, path) == 0) return &listings[i];
  }
  if (listing_count == most_listings) abort();
  struct listing* listing = &listings[listing_count++];
  snprintf(listing->path, sizeof listing->path, "%s", path);
  listing->time = -1e9;
  return listing;
}

static void fill(struct listing* listing, DIR* folder) {
  for (int i = 0; i < listing->count; ++i) free(listing->names[i]);
  listing->count = 0;
  struct dirent* entry;
  while ((entry = real_readdir(folder)) != NULL) {
    // The first listing comes from a cache, too: what changed of late is not in it.
    struct stat facts;
    struct timespec wall;
    char name[1024];
    snprintf(name, sizeof name, "%s/%s", listing->path, entry->d_name);
    real_clock_gettime(CLOCK_REALTIME, &wall);
    if (listing->time < 0 && entry->d_name[0] != '.' && real_stat(name, &facts) == 0 &&
        difftime(wall.tv_sec, facts.st_ctim.tv_sec) < lag_names) {
      continue;
    }
    if (listing->count == most_names) abort();
    listing->names[listing->count++] = strdup(entry->d_name);
  }
  listing->time = now();
}

DIR* opendir(const char* path) {
  start();
  const char* fault = due("opendir", path);
  if (fault) {
    errno = error_of(fault);
    return NULL;
  }
  DIR* folder = real_opendir(path);
  if (!folder || lag_names <= 0 || !strstr(path, "/study/")) return folder;
  pthread_mutex_lock(&lock);
  struct listing* listing = listing_of(path);
  if (now() - listing->time > lag_names) fill(listing, folder);
  int i = 0;
  while (i < most_open && open_folders[i].folder) ++i;
  if (i == most_open) abort();
  open_folders[i].folder = folder;
  open_folders[i].listing = listing;
  open_folders[i].next = 0;
  pthread_mutex_unlock(&lock);
  return folder;
}

static struct open_folder* known(DIR* folder) {
  for (int i = 0; i < most_open; ++i) {
    if (open_folders[i].folder == folder) return &open_folders[i];
  }
  return NULL;
}

struct dirent* readdir(DIR* folder) {
  start();
  const char* fault = due("readdir", "/");
  if (fault) {
    errno = error_of(fault);
    return NULL;
  }
  pthread_mutex_lock(&lock);
  struct open_folder* open = known(folder);
  struct dirent* entry = NULL;
  if (open && open->next < open->listing->count) {
    entry = &open->entry;
    snprintf(entry->d_name, sizeof entry->d_name, "%s", open->listing->names[open->next++]);
  }
  pthread_mutex_unlock(&lock);
  return open ? entry : real_readdir(folder);
}

int closedir(DIR* folder) {
  start();
  pthread_mutex_lock(&lock);
  struct open_folder* open = known(folder);
  if (open) open->folder = NULL;
  pthread_mutex_unlock(&lock);
  return real_closedir(folder);
}

// --- other machines
int clock_gettime(clockid_t clock, struct timespec* time) {
  start();
  const int result = real_clock_gettime(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += (time_t)clock_shift;
  return result;
}

time_t time(time_t* result) {
  struct timespec wall;
  clock_gettime(CLOCK_REALTIME, &wall);
  if (result) *result = wall.tv_sec;
  return wall.tv_sec;
}

int gethostname(char* name, size_t size) {
  start();
  if (!host) return real_gethostname(name, size);
  snprintf(name, size, "%s", host);
  return 0;
}
