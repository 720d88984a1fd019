#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <locale>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "work.h"

namespace fs = std::filesystem;

namespace {

// Made before main of the program, and unmade after it.
struct Global {
	std::map<std::string, int> counts;
	Global() { counts["constructed"] = 1; }
	~Global() { std::clog << "destroyed " << counts.size() << std::endl; }
} global;

struct Shape {
	virtual ~Shape() = default;
	virtual double area() const = 0;
};

struct Square : Shape {
	double side;
	explicit Square(double s) : side(s) {}
	double area() const override { return side * side; }
};

struct Circle : Shape {
	double radius;
	explicit Circle(double r) : radius(r) {}
	double area() const override {
		if (radius < 0)
			throw std::domain_error("a circle has no negative radius");
		return 3 * radius * radius;
	}
};

thread_local std::unique_ptr<std::string> own; // unmade by each thread

void threads() {
	std::mutex mu;
	std::condition_variable ready;
	int waiting = 0;
	bool go = false;
	std::atomic<int> sum{0};
	std::vector<std::thread> all;
	for (int i = 0; i < 8; i++)
		all.emplace_back([&, i] {
			own = std::make_unique<std::string>(100000, 'x');
			std::unique_lock<std::mutex> lock(mu);
			waiting++;
			ready.notify_all();
			ready.wait(lock, [&] { return go; });
			lock.unlock();
			std::vector<std::string> some(1000, *own);
			sum += called(i) + int(some.size());
		});
	{
		std::unique_lock<std::mutex> lock(mu);
		ready.wait(lock, [&] { return waiting == 8; });
		go = true;
		ready.notify_all();
	}
	for (auto &t : all)
		t.join();
	std::cout << "sum " << sum << std::endl;

	auto failing = std::async(std::launch::async, []() -> int { throw std::runtime_error("thrown by a thread"); });
	try {
		failing.get();
	} catch (const std::runtime_error &e) {
		std::cout << e.what() << std::endl;
	}
	std::this_thread::sleep_for(std::chrono::milliseconds(2));
	std::timed_mutex timed;
	timed.lock();
	std::thread([&] { std::cout << timed.try_lock_for(std::chrono::milliseconds(2)) << std::endl; }).join();
	timed.unlock();
}

void files(const fs::path &dir) {
	fs::path file = dir / "cpp.txt";
	std::ofstream out(file);
	out.imbue(std::locale("C"));
	for (int i = 0; i < 10000; i++)
		out << i << ' ' << i * 0.5 << '\n';
	out.close();
	std::ifstream in(file);
	std::string line;
	size_t lines = 0;
	while (std::getline(in, line))
		lines++;
	fs::create_directories(dir / "a" / "b");
	fs::copy_file(file, dir / "a" / "b" / "copy.txt");
	fs::rename(dir / "a" / "b" / "copy.txt", dir / "a" / "moved.txt");
	fs::create_symlink("moved.txt", dir / "a" / "link");
	fs::last_write_time(file, fs::file_time_type::clock::now());
	fs::permissions(file, fs::perms::owner_all);
	fs::resize_file(file, 10);
	size_t found = 0;
	for (const auto &entry : fs::recursive_directory_iterator(dir / "a"))
		found += entry.is_regular_file();
	bool room = fs::space(dir).available > 0 && !fs::canonical(dir / "a" / "link").empty();
	fs::remove_all(dir / "a");
	std::cout << lines << " lines, " << found << " files, " << room << std::endl;
	std::cout << fs::file_size(dir / "a"); // throws
}

void locales() {
	try {
		std::locale::global(std::locale(""));
	} catch (const std::runtime_error &) {
		std::cerr << "no such locale" << std::endl;
	}
	std::random_device device;
	std::mt19937 numbers(device());
	std::ostringstream text;
	text << std::hex << (numbers() != 0) << ' ' << std::this_thread::get_id();
	std::cout << text.str().size() << std::endl;
}

} // namespace

char *work(const char *dir) {
	try {
		if (!fs::is_directory(dir))
			throw std::invalid_argument(std::string(dir) + " is no directory");
		std::vector<std::unique_ptr<Shape>> shapes;
		shapes.push_back(std::make_unique<Square>(2));
		shapes.push_back(std::make_unique<Circle>(-1));
		try {
			for (const auto &shape : shapes)
				std::cout << shape->area() << std::endl;
		} catch (const std::domain_error &e) {
			std::cout << e.what() << std::endl;
		}
		threads();
		locales();
		try {
			files(dir);
		} catch (const fs::filesystem_error &e) {
			std::cout << e.code().message() << std::endl;
		}
		return nullptr;
	} catch (const std::exception &e) {
		return strdup(e.what());
	}
}
