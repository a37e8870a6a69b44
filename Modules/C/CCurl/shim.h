#pragma once
// libcurl is opened when the first request needs it, not linked: it brings thirty libraries (TLS, Kerberos, LDAP, SSH), and
// a process that makes no HTTP request pays neither their memory nor their start-up. The functions below are those of the
// opened library; `curl_easy_setopt` and `curl_easy_getinfo` are variadic, which Swift cannot call.
#define CURL_DISABLE_TYPECHECK 1
#define CURL_DISABLE_DEPRECATION 1
#include <curl/curl.h>
#include <dlfcn.h>

typedef struct {
    __typeof__(&curl_global_init) global_init;
    __typeof__(&curl_version_info) version_info;
    __typeof__(&curl_easy_init) easy_init;
    __typeof__(&curl_easy_cleanup) easy_cleanup;
    __typeof__(&curl_easy_setopt) easy_setopt;
    __typeof__(&curl_easy_getinfo) easy_getinfo;
    __typeof__(&curl_easy_pause) easy_pause;
    __typeof__(&curl_easy_strerror) easy_strerror;
    __typeof__(&curl_slist_append) slist_append;
    __typeof__(&curl_slist_free_all) slist_free_all;
    __typeof__(&curl_multi_init) multi_init;
    __typeof__(&curl_multi_cleanup) multi_cleanup;
    __typeof__(&curl_multi_setopt) multi_setopt;
    __typeof__(&curl_multi_add_handle) multi_add_handle;
    __typeof__(&curl_multi_remove_handle) multi_remove_handle;
    __typeof__(&curl_multi_perform) multi_perform;
    __typeof__(&curl_multi_poll) multi_poll;
    __typeof__(&curl_multi_wakeup) multi_wakeup;
    __typeof__(&curl_multi_info_read) multi_info_read;
    __typeof__(&curl_multi_strerror) multi_strerror;
} gedge_curl;

/// Opens libcurl with OpenSSL. Returns 0, or -1 when it is not installed or lacks a function; `dlerror` then says what.
static inline int gedge_curl_load(gedge_curl *library) {
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) return -1;
#define GEDGE_CURL_FIND(name) \
    if ((library->name = (__typeof__(library->name))dlsym(handle, "curl_" #name)) == NULL) return -1
    GEDGE_CURL_FIND(global_init);
    GEDGE_CURL_FIND(version_info);
    GEDGE_CURL_FIND(easy_init);
    GEDGE_CURL_FIND(easy_cleanup);
    GEDGE_CURL_FIND(easy_setopt);
    GEDGE_CURL_FIND(easy_getinfo);
    GEDGE_CURL_FIND(easy_pause);
    GEDGE_CURL_FIND(easy_strerror);
    GEDGE_CURL_FIND(slist_append);
    GEDGE_CURL_FIND(slist_free_all);
    GEDGE_CURL_FIND(multi_init);
    GEDGE_CURL_FIND(multi_cleanup);
    GEDGE_CURL_FIND(multi_setopt);
    GEDGE_CURL_FIND(multi_add_handle);
    GEDGE_CURL_FIND(multi_remove_handle);
    GEDGE_CURL_FIND(multi_perform);
    GEDGE_CURL_FIND(multi_poll);
    GEDGE_CURL_FIND(multi_wakeup);
    GEDGE_CURL_FIND(multi_info_read);
    GEDGE_CURL_FIND(multi_strerror);
#undef GEDGE_CURL_FIND
    return 0;
}

/// `CURL_GLOBAL_DEFAULT`, a macro of casts.
static inline CURLcode gedge_curl_global_init(const gedge_curl *library) {
    return library->global_init(CURL_GLOBAL_DEFAULT);
}

static inline CURLcode gedge_curl_set_number(const gedge_curl *library, CURL *easy, CURLoption option, long value) {
    return library->easy_setopt(easy, option, value);
}

static inline CURLcode gedge_curl_set_size(const gedge_curl *library, CURL *easy, CURLoption option, curl_off_t value) {
    return library->easy_setopt(easy, option, value);
}

/// `CURLVERSION_NOW`, a macro of an enumeration.
static inline curl_version_info_data *gedge_curl_version(const gedge_curl *library) {
    return library->version_info(CURLVERSION_NOW);
}

/// libcurl copies the text.
static inline CURLcode gedge_curl_set_text(const gedge_curl *library, CURL *easy, CURLoption option, const char *value) {
    return library->easy_setopt(easy, option, value);
}

/// libcurl keeps the pointer.
static inline CURLcode gedge_curl_set_pointer(const gedge_curl *library, CURL *easy, CURLoption option, void *value) {
    return library->easy_setopt(easy, option, value);
}

typedef size_t (*gedge_curl_transfer)(char *bytes, size_t size, size_t count, void *context);
typedef int (*gedge_curl_seek)(void *context, curl_off_t offset, int origin);

/// For `CURLOPT_WRITEFUNCTION`, `CURLOPT_HEADERFUNCTION` and `CURLOPT_READFUNCTION`.
static inline CURLcode gedge_curl_set_transfer(
    const gedge_curl *library, CURL *easy, CURLoption option, gedge_curl_transfer function) {
    return library->easy_setopt(easy, option, function);
}

static inline CURLcode gedge_curl_set_seek(const gedge_curl *library, CURL *easy, gedge_curl_seek function) {
    return library->easy_setopt(easy, CURLOPT_SEEKFUNCTION, function);
}

static inline CURLcode gedge_curl_get_number(const gedge_curl *library, CURL *easy, CURLINFO info, long *value) {
    return library->easy_getinfo(easy, info, value);
}

static inline CURLcode gedge_curl_get_pointer(const gedge_curl *library, CURL *easy, CURLINFO info, void **value) {
    return library->easy_getinfo(easy, info, value);
}

static inline CURLMcode gedge_curl_multi_set_number(
    const gedge_curl *library, CURLM *multi, CURLMoption option, long value) {
    return library->multi_setopt(multi, option, value);
}

/// The outcome of a message of kind `CURLMSG_DONE`, which is a member of a union.
static inline CURLcode gedge_curl_message_result(const CURLMsg *message) { return message->data.result; }

/// What a callback returns to wait; both are macros.
static inline size_t gedge_curl_write_pause(void) { return CURL_WRITEFUNC_PAUSE; }
static inline size_t gedge_curl_read_pause(void) { return CURL_READFUNC_PAUSE; }
static inline size_t gedge_curl_read_abort(void) { return CURL_READFUNC_ABORT; }
